// A seeded source of random choices: the same seed, the same plan of faults. Pure but for its own state.

export interface Random {
  /** In [0, 1). */
  next(): number;
  /** Both ends included. */
  int(min: number, max: number): number;
  pick<T>(items: readonly T[]): T;
  /** A new array. */
  shuffle<T>(items: readonly T[]): T[];
}

export function createRandom(seed: number): Random {
  const next = mulberry32(seed);
  const int = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return { next, int, pick: (items) => pick(items, int), shuffle: (items) => shuffle(items, int) };
}

type Int = (min: number, max: number) => number;

function pick<T>(items: readonly T[], int: Int): T {
  if (items.length === 0) throw new RangeError('There is nothing to pick from');
  return items[int(0, items.length - 1)]!;
}

// Fisher-Yates: every order is equally likely.
function shuffle<T>(items: readonly T[], int: Int): T[] {
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = int(0, last);
    [shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!];
  }
  return shuffled;
}

// Tommy Ettinger's Mulberry32: 32 bits of state, good enough to choose faults by.
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
