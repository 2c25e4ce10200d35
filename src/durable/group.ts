// Requests of one turn of the event loop leave together, as a write-ahead log groups commits. Pure: knows nothing of what it carries.

export interface GroupOptions<Item, Result> {
  /** Serves a group: one result an item, in order. What it throws, every item of the group gets. */
  readonly send: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** Names what an item is about. */
  readonly keyOf: (item: Item) => string;
  /** Two items with one key: `share` one answer while they wait, or keep them `apart`, the second after the answer to the first. */
  readonly twins: 'share' | 'apart';
  /** Items that differ in this never travel together. */
  readonly apartBy?: (item: Item) => string;
  /** An item's weight, such as the length of its text. Default 0. */
  readonly weightOf?: (item: Item) => number;
  /** A group is closed before it would grow past one of these; an item heavier than `maxWeight` travels alone. */
  readonly maxSize: number;
  readonly maxWeight?: number;
  /** While this many groups are under way, requests wait and gather. */
  readonly maxInFlight: number;
}

export interface Group<Item, Result> {
  readonly add: (item: Item) => Promise<Result>;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly key: string;
  readonly weight: number;
  readonly answer: PromiseWithResolvers<Result>;
}

export function createGroup<Item, Result>(options: GroupOptions<Item, Result>): Group<Item, Result> {
  const { send, keyOf, twins, weightOf = () => 0, maxInFlight } = options;
  const shared = new Map<string, Promise<Result>>();
  const underWay = new Set<string>();
  let waiting: Waiting<Item, Result>[] = [];
  let inFlight = 0;
  let scheduled = false;

  // Whatever else this turn asks for, also because of an answer that it brought, still joins.
  const schedule = (): void => {
    if (scheduled || waiting.length === 0 || inFlight >= maxInFlight) return;
    scheduled = true;
    setImmediate(depart);
  };

  const depart = (): void => {
    scheduled = false;
    while (waiting.length > 0 && inFlight < maxInFlight) {
      const { group, left } = nextGroup(waiting, underWay, options);
      if (group.length === 0) return;
      waiting = left;
      inFlight++;
      for (const { key } of group) {
        shared.delete(key);
        if (twins === 'apart') underWay.add(key);
      }
      void carry(group);
    }
  };

  const carry = async (group: readonly Waiting<Item, Result>[]): Promise<void> => {
    try {
      const results = await send(group.map(({ item }) => item));
      if (results.length !== group.length) throw new Error(`${group.length} items got ${results.length} results`);
      results.forEach((result, at) => group[at]?.answer.resolve(result));
    } catch (error) {
      for (const { answer } of group) answer.reject(error);
    } finally {
      inFlight--;
      for (const { key } of group) underWay.delete(key);
      schedule();
    }
  };

  return {
    // Called for every step: no promise but the answer itself.
    add(item) {
      const key = keyOf(item);
      const twin = shared.get(key);
      if (twin) return twin;
      const answer = Promise.withResolvers<Result>();
      if (twins === 'share') shared.set(key, answer.promise);
      waiting.push({ item, key, weight: weightOf(item), answer });
      schedule();
      return answer.promise;
    },
  };
}

// As much as the limits allow, the oldest first; a twin of what is under way or comes before it stays behind.
function nextGroup<Item, Result>(
  waiting: readonly Waiting<Item, Result>[],
  underWay: ReadonlySet<string>,
  { maxSize, maxWeight = Number.POSITIVE_INFINITY, apartBy = () => '' }: GroupOptions<Item, Result>,
): { group: Waiting<Item, Result>[]; left: Waiting<Item, Result>[] } {
  const group: Waiting<Item, Result>[] = [];
  const left: Waiting<Item, Result>[] = [];
  const keys = new Set(underWay);
  let weight = 0;
  for (const each of waiting) {
    const isFull = group.length >= maxSize || (group.length > 0 && weight + each.weight > maxWeight);
    const [first = each] = group;
    if (isFull || keys.has(each.key) || apartBy(each.item) !== apartBy(first.item)) {
      left.push(each);
    } else {
      group.push(each);
      weight += each.weight;
    }
    keys.add(each.key);
  }
  return { group, left };
}
