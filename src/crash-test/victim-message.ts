// What a crash test and its victim tell each other over the victim's IPC channel.
import { z } from 'zod';
import { boundary, boundaryPoint } from './boundary-point.ts';

/** To the victim. */
export const order = z.discriminatedUnion('kind', [
  /** The app's settings: a victim reads no environment, so that nothing real can leak in. */
  z.object({ kind: z.literal('start'), settings: z.record(z.string(), z.string()) }),
  z.object({ kind: z.literal('arm'), point: boundaryPoint, runsOfBefore: z.array(z.string()) }),
  /** Tell what boundaries these runs have passed. */
  z.object({ kind: z.literal('tell'), runIds: z.array(z.string()) }),
]);
export type Order = z.infer<typeof order>;

/** From the victim. */
export const report = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), url: z.string() }),
  z.object({ kind: z.literal('armed') }),
  z.object({ kind: z.literal('passed'), boundaries: z.array(boundary) }),
]);
export type Report = z.infer<typeof report>;

/** What an armed victim writes to its standard output before it kills itself: the proof that it died where it was to. */
export const LAST_WORDS = 'breakwater: reached the boundary';
