// npm run test:torture: what `npm test` plays a share of, in full. Takes some minutes.
import { execa } from "execa";

const files = [
  "test/unit/ledger/unreadable.test.ts",
  "test/unit/ledger/patient/overlay.test.ts",
  "test/integration/ledger.test.ts",
  "test/integration/patientLedger.test.ts",
  "test/integration/hurtLedger.test.ts",
  "test/integration/guardianSequences.test.ts",
  "test/integration/guardianRandom.test.ts",
];

const { exitCode } = await execa("mocha", ["--exit", "--timeout", "300000", ...files], {
  preferLocal: true,
  stdio: "inherit",
  reject: false,
  env: { MODAL_METER_TORTURE: "1", MODAL_METER_ROUNDS: "300" },
});
process.exitCode = exitCode ?? 1;
