// npm run test:torture: what `npm test` plays a share of, in full. Takes some minutes.
import { execa } from "execa";

const files = [
  "test/unit/ledger/unreadable.test.ts",
  "test/unit/ledger/patient/overlay.test.ts",
  "test/integration/ledger/ledger.test.ts",
  "test/integration/ledger/loss.test.ts",
  "test/integration/ledger/patientLedger.test.ts",
  "test/integration/ledger/poorDisk.test.ts",
  "test/integration/ledger/hurtLedger.test.ts",
  "test/integration/session/longDays.test.ts",
  "test/integration/guardian/guardianSequences.test.ts",
  "test/integration/guardian/guardianRandom.test.ts",
  "test/integration/guardian/takeOver.test.ts",
  "test/integration/guardian/guardianKills.test.ts",
];

const { exitCode } = await execa("mocha", ["--exit", "--timeout", "900000", ...files], {
  preferLocal: true,
  stdio: "inherit",
  reject: false,
  env: { MODAL_METER_TORTURE: "1", MODAL_METER_ROUNDS: "300", MODAL_METER_SEQUENCES: "30" },
});
process.exitCode = exitCode ?? 1;
