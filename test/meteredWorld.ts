import { worldNamed } from "./sim/worlds/worlds.ts";

/** The world in which the meter is right as yet: tests and benches of money name it. */
export const meteredWorld = worldNamed("default");
