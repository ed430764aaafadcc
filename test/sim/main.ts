import { parseArgs } from "node:util";
import { startLocalModal } from "./localModal.ts";

const { values } = parseArgs({
  options: {
    speed: { type: "string", default: "1" },
    port: { type: "string", default: "0" },
    "web-port": { type: "string", default: "0" },
    "admin-port": { type: "string", default: "0" },
  },
});

const local = await startLocalModal({
  speed: Number(values.speed),
  port: Number(values.port),
  webPort: Number(values["web-port"]),
  adminPort: Number(values["admin-port"]),
});

console.log(`Local Modal runs at ${values.speed}× real time. Ctrl-C ends it.

# Paste this where the modal CLI or the extension runs:`);
for (const [name, value] of Object.entries(local.env)) console.log(`export ${name}=${value}`);
console.log(`
# Web endpoints: ${local.webUrl}/<label>/...
# Admin API:     ${local.adminUrl}/`);

const end = (): void => {
  void local.stop().then(() => process.exit(0));
};
process.on("SIGINT", end);
process.on("SIGTERM", end);
