// `npm run test:whole` tries everything; `npm test` a sample of what takes long.

export const TRIES_ALL = process.env['TESTS'] === 'whole';

/** One of every few, from the first on. */
export function sampled<T>(cases: readonly T[], ofEvery = 2): readonly T[] {
  return cases.filter((_, index) => TRIES_ALL || index % ofEvery === 0);
}
