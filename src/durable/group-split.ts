// What becomes of a group that its database refused: nobody bears a neighbour's fault. Pure.

export interface Refusals {
  /** Will the same be accepted later? Then every item of the group gets the error, and asks again by itself. */
  readonly isTransient: (error: unknown) => boolean;
  /** Is it about one item's value? Then halving finds it. */
  readonly isAboutValue: (error: unknown) => boolean;
}

/** Serves `items` by `send`, together as far as that works. `undefined` for an item that must be asked alone, on another path. */
export async function sendSplitting<Item, Result>(
  items: readonly Item[],
  send: (items: readonly Item[]) => Promise<readonly (Result | undefined)[]>,
  refusals: Refusals,
): Promise<readonly (Result | undefined)[]> {
  try {
    return await send(items);
  } catch (error) {
    if (refusals.isTransient(error)) throw error;
    if (items.length === 1 || !refusals.isAboutValue(error)) return items.map(() => undefined);
    const middle = Math.ceil(items.length / 2);
    const first = await sendSplitting(items.slice(0, middle), send, refusals);
    return [...first, ...(await sendSplitting(items.slice(middle), send, refusals))];
  }
}
