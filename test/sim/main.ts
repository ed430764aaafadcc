import { parseArgs } from "node:util";
import { startLocalModal } from "./localModal.ts";
import { namedWorlds, oddities, worldNamed } from "./worlds/worlds.ts";

const { values } = parseArgs({
  options: {
    world: { type: "string", default: "default" },
    "list-worlds": { type: "boolean", default: false },
    speed: { type: "string", default: "1" },
    port: { type: "string", default: "0" },
    "web-port": { type: "string", default: "0" },
    "admin-port": { type: "string", default: "0" },
  },
});

if (values["list-worlds"]) {
  for (const { name, line } of namedWorlds) console.log(`${name.padEnd(32)} ${line}`);
  console.log(`${"random-N".padEnd(32)} a mixture by the seed N`);
  process.exit(0);
}

let world;
try {
  world = worldNamed(values.world);
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)} See --list-worlds.`);
  process.exit(2);
}

const local = await startLocalModal({
  world,
  speed: Number(values.speed),
  port: Number(values.port),
  webPort: Number(values["web-port"]),
  adminPort: Number(values["admin-port"]),
});

console.log(`Local Modal runs at ${values.speed}× real time, in the world "${values.world}".`);
for (const line of oddities(world)) console.log(`- ${line}`);
console.log(`Ctrl-C ends it.

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
