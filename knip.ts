import type { KnipConfig } from "knip";

// `knip` finds what nothing uses; `knip --production` what only tests, benches and scripts use. A test
// may look at a piece that its file exports for that alone, as long as the product runs through it.
const isProduction = process.argv.includes("--production");

const config: KnipConfig = {
  entry: [
    "src/extension.ts!",
    "src/modal/{sdk/entry,process/keeperEntry}.ts!",
    "src/guardian/main.ts!",
    "src/ledger/patient/writerThread.ts!",
    "scripts/*.{ts,mjs}",
    "test/{unit,e2e,release,security}/**/*.test.ts",
    "test/integration/**/*.ts",
    "test/e2e/package.ts",
    "test/host/{install,runSuites,suiteRunner}.ts",
    "test/host/suite/**/*.test.ts",
    "test/bench/*.ts",
    "test/hour/hourWindow.ts",
  ],
  project: ["src/**/*.ts!", "{test,scripts}/**/*.{ts,mjs}"],
  ignoreBinaries: ["ldd", "Xvfb", "dbus-daemon", "mkfifo"],
  ignoreExportsUsedInFile: isProduction ? true : { interface: true, type: true },
};

// oxlint-disable-next-line import/no-default-export -- knip reads nothing else.
export default config;
