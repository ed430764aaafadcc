import { Random } from "./random.ts";

/**
 * A number in [0, 1) that belongs to this name and this question for ever. Asking takes nothing from
 * a generator's sequence, so that a switch changes what it is about and nothing else.
 */
export function draw(name: string, question: string): number {
  let hash = 2_166_136_261;
  for (const text of [question, "\0", name])
    for (let i = 0; i < text.length; i += 1)
      hash = Math.imul(hash ^ text.charCodeAt(i), 16_777_619) >>> 0;
  return new Random(hash).next();
}

/** An integer in [from, to]. */
export function drawBetween(name: string, question: string, from: number, to: number): number {
  return from + Math.floor(draw(name, question) * (to - from + 1));
}
