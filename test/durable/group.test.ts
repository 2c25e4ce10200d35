// Grouping alone, on groups that a test opens and closes by hand.
import fc from 'fast-check';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createGroup } from '../../src/durable/group.ts';
import type { GroupOptions } from '../../src/durable/group.ts';
import { sendSplitting } from '../../src/durable/group-split.ts';

interface Item {
  readonly key: number;
  readonly serial: number;
  readonly weight: number;
}

type Limits = Pick<GroupOptions<Item, number>, 'maxSize' | 'maxWeight' | 'maxInFlight' | 'twins' | 'apartBy'>;

/** Each group waits in `departed` until the test answers it. */
function setup(limits: Partial<Limits> = {}) {
  const departed: { items: readonly Item[]; answer: PromiseWithResolvers<readonly number[]> }[] = [];
  const sizes: number[] = [];
  const group = createGroup<Item, number>({
    maxSize: 100,
    maxInFlight: 2,
    twins: 'apart',
    ...limits,
    keyOf: ({ key }) => String(key),
    weightOf: ({ weight }) => weight,
    send: async (items) => {
      const answer = Promise.withResolvers<readonly number[]>();
      departed.push({ items, answer });
      sizes.push(items.length);
      return await answer.promise;
    },
  });
  let serial = 0;
  const add = async (key: number, weight = 1) => await group.add({ key, weight, serial: serial++ });
  const answerNext = () => {
    const next = departed.shift();
    next?.answer.resolve(next.items.map((item) => item.serial));
  };
  return { add, departed, sizes, answerNext };
}

const kindOf = ({ weight }: Pick<Item, 'weight'>): string => (weight % 3 === 0 ? 'threes' : 'others');

describe('createGroup', () => {
  it('sends what one turn of the event loop asks for as one group', async () => {
    const { add, answerNext, sizes } = setup();

    const answers = [add(1), add(2), Promise.resolve().then(async () => await add(3))];
    await nextTurn();
    answerNext();

    expect(await Promise.all(answers)).toEqual([0, 1, 2]);
    expect(sizes).toEqual([3]);
  });

  it('lets requests gather while as many groups as allowed are under way', async () => {
    const { add, answerNext, sizes } = setup({ maxInFlight: 2 });

    const answers = [];
    for (let key = 0; key < 6; key++) {
      answers.push(add(key));
      await nextTurn();
    }
    expect(sizes).toEqual([1, 1]);
    answerNext();
    await answers[0];
    await nextTurn();

    expect(sizes).toEqual([1, 1, 4]);
    for (let at = 0; at < 2; at++) answerNext();
    expect(await Promise.all(answers)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('gives every item of a group its error, and goes on', async () => {
    const { add, departed, answerNext } = setup({ maxInFlight: 1 });

    const refused = Promise.allSettled([add(1), add(2)]);
    await nextTurn();
    departed.shift()?.answer.reject(new Error('gone'));

    expect(await refused).toEqual([1, 2].map(() => ({ status: 'rejected', reason: new Error('gone') })));
    const next = add(1);
    await nextTurn();
    answerNext();
    expect(await next).toBe(2);
  });

  it('refuses an answer that is too short', async () => {
    const { add, departed } = setup();

    const answers = Promise.allSettled([add(1), add(2)]);
    await nextTurn();
    departed.shift()?.answer.resolve([7]);

    const reason = new Error('2 items got 1 results');
    expect(await answers).toEqual([1, 2].map(() => ({ status: 'rejected', reason })));
  });

  it('asks once for twins that share, and anew once their group has left', async () => {
    const { add, answerNext, sizes } = setup({ twins: 'share' });

    const twins = [add(1), add(1), add(2)];
    await nextTurn();
    const late = add(1);
    await nextTurn();
    answerNext();
    answerNext();

    expect(await Promise.all([...twins, late])).toEqual([0, 0, 2, 3]);
    expect(sizes).toEqual([2, 1]);
  });

  it('keeps every limit, loses nothing, keeps twins and what differs apart, twins in order, whatever comes when', async () => {
    const request = fc.record({ key: fc.nat(5), weight: fc.nat(12), turns: fc.nat(2), answers: fc.nat(2) });
    const limits = fc.record({ maxSize: fc.integer({ min: 1, max: 5 }), maxInFlight: fc.integer({ min: 1, max: 3 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { maxLength: 40 }), limits, async (requests, { maxSize, maxInFlight }) => {
        const { add, departed, answerNext } = setup({ maxSize, maxInFlight, maxWeight: 20, apartBy: kindOf });
        const order = new Map<number, number>();
        const check = () => {
          expect(departed.length).toBeLessThanOrEqual(maxInFlight);
          for (const { items } of departed) {
            const weight = items.reduce((sum, item) => sum + item.weight, 0);
            expect(items.length).toBeLessThanOrEqual(maxSize);
            expect(weight <= 20 || items.length === 1).toBe(true);
            expect(new Set(items.map(({ key }) => key)).size).toBe(items.length);
            expect(new Set(items.map(kindOf)).size).toBe(1);
          }
        };
        const answer = () => {
          for (const { key, serial } of departed[0]?.items ?? []) {
            expect(serial).toBeGreaterThan(order.get(key) ?? -1);
            order.set(key, serial);
          }
          answerNext();
        };
        const all = [];
        for (const { key, weight, turns, answers } of requests) {
          all.push(add(key, weight));
          for (let turn = 0; turn < turns; turn++) await nextTurn();
          check();
          for (let at = 0; at < answers; at++) answer();
        }
        while (order.size < new Set(requests.map(({ key }) => key)).size || departed.length > 0) {
          await nextTurn();
          check();
          answer();
        }
        const settled = Promise.all(all);
        for (let turn = 0; turn < requests.length * 2; turn++) {
          await nextTurn();
          answer();
        }
        expect(await settled).toEqual(requests.map((_, at) => at));
      }),
      { numRuns: 200 },
    );
  });
});

describe('sendSplitting', () => {
  const transient = new Error('transient');
  const aboutValue = new Error('value');
  const refusals = {
    isTransient: (error: unknown) => error === transient,
    isAboutValue: (error: unknown) => error === aboutValue,
  };

  it('leaves over exactly the items whose value is refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }), async (goods) => {
        const items = goods.map((good, at) => ({ good, at }));
        let sent = 0;

        const results = await sendSplitting(
          items,
          async (part) => {
            sent++;
            if (part.some(({ good }) => !good)) throw aboutValue;
            return part.map(({ at }) => at);
          },
          refusals,
        );

        expect(results).toEqual(items.map(({ good, at }) => (good ? at : undefined)));
        expect(sent).toBeLessThan(items.length * 2);
      }),
    );
  });

  it('leaves all items over when what refused them is not about one of them', async () => {
    let sent = 0;
    const send = async (): Promise<number[]> => {
      sent++;
      throw new Error('canceled');
    };

    expect(await sendSplitting([1, 2, 3], send, refusals)).toEqual([undefined, undefined, undefined]);
    expect(sent).toBe(1);
  });

  it('throws what a later try may cure', async () => {
    const send = async (): Promise<number[]> => {
      throw transient;
    };

    await expect(sendSplitting([1, 2], send, refusals)).rejects.toBe(transient);
  });
});
