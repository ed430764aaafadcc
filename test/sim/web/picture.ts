import { createHash } from "node:crypto";

/** The colour of a picture at a place (0…1) and, for a video, a moment (0…1). Each part 0…255. */
export type Picture = (x: number, y: number, t: number) => readonly [number, number, number];

/** A picture that differs with every prompt and seed, so that one can see which call made it. */
export function pictureOf(prompt: string, seed: number): Picture {
  const hash = createHash("sha256").update(`${seed}\n${prompt}`).digest();
  const part = (index: number): number => (hash[index % hash.length] ?? 0) / 255;
  const wave = (channel: number, x: number, y: number, t: number): number => {
    const at = channel * 8;
    const one = Math.sin(2 * Math.PI * (x * (1 + 3 * part(at)) + part(at + 1) + t));
    const two = Math.sin(2 * Math.PI * (y * (1 + 3 * part(at + 2)) + part(at + 3) - t));
    const both = Math.sin(2 * Math.PI * ((x + y) * (1 + 2 * part(at + 4)) + part(at + 5)));
    return Math.round(127.5 + (one + two + both) * 42);
  };
  return (x, y, t) => [wave(0, x, y, t), wave(1, x, y, t), wave(2, x, y, t)];
}
