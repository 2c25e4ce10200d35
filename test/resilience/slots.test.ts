// A bounded number of activities at once, the most urgent first.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSlots } from '../../src/resilience/index.ts';
import type { SlotPriority, Slots } from '../../src/resilience/index.ts';

const URGENCY = ['critical', 'high', 'normal', 'low'] as const satisfies readonly SlotPriority[];
const never = new AbortController().signal;

/** A body that lasts until it is told to end. */
function work(): {
  body: () => Promise<string>;
  end: (value?: string) => void;
  fail: (error: Error) => void;
  begun: Promise<void>;
} {
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<string>();
  return {
    body: async () => {
      begun.resolve();
      return await ended.promise;
    },
    begun: begun.promise,
    end: (value = 'done') => ended.resolve(value),
    fail: ended.reject,
  };
}

async function occupy(slots: Slots): Promise<{ leave: () => Promise<void> }> {
  const job = work();
  const running = slots.run('normal', never, job.body);
  await job.begun;
  return {
    leave: async () => {
      job.end();
      await running;
    },
  };
}

describe('createSlots', () => {
  it('runs a body at once while a slot is free, and gives its value back', async () => {
    const slots = createSlots(2);
    const [one, other] = [work(), work()];

    const values = Promise.all([slots.run('low', never, one.body), slots.run('low', never, other.body)]);
    await Promise.all([one.begun, other.begun]);

    expect(slots).toMatchObject({ capacity: 2, used: 2, queued: 0 });
    one.end('first');
    other.end('second');
    expect(await values).toEqual(['first', 'second']);
    expect(slots).toMatchObject({ used: 0, queued: 0 });
  });

  it('queues what finds no slot and starts it when one is left', async () => {
    const slots = createSlots(1);
    const { leave } = await occupy(slots);
    const next = work();

    const running = slots.run('normal', never, next.body);

    expect(slots).toMatchObject({ used: 1, queued: 1 });
    await leave();
    await next.begun;
    expect(slots).toMatchObject({ used: 1, queued: 0 });
    next.end();
    await running;
    expect(slots.used).toBe(0);
  });

  it('serves the most urgent first, and first come first served among equals', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...URGENCY), { maxLength: 12 }), async (arrivals) => {
        const slots = createSlots(1);
        const { leave } = await occupy(slots);
        const served: number[] = [];

        const jobs = arrivals.map(
          async (priority, turn) => await slots.run(priority, never, async () => served.push(turn)),
        );
        await leave();
        await Promise.all(jobs);

        const urgency = (turn: number): number => URGENCY.indexOf(arrivals[turn]!);
        expect(served).toEqual([...arrivals.keys()].toSorted((a, b) => urgency(a) - urgency(b) || a - b));
      }),
    );
  });

  it('never runs more than its capacity, never idles while something queues, and runs all', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.constantFrom(...URGENCY), { maxLength: 12 }),
        async (scheduler, capacity, arrivals) => {
          const slots = createSlots(capacity);
          let running = 0;
          let ran = 0;
          const body = async (): Promise<void> => {
            running++;
            expect(running).toBeLessThanOrEqual(capacity);
            await scheduler.schedule(Promise.resolve());
            if (slots.queued > 0) expect(slots.used).toBe(capacity);
            running--;
            ran++;
          };

          const jobs = arrivals.map(async (priority) => await slots.run(priority, never, body));
          await scheduler.waitFor(Promise.all(jobs));

          expect(ran).toBe(arrivals.length);
          expect(slots).toMatchObject({ used: 0, queued: 0 });
        },
      ),
    );
  });

  it('hands a slot on before a newcomer can take it', async () => {
    const slots = createSlots(1);
    const job = work();
    const served: string[] = [];
    const arrive = async (): Promise<void> => {
      await slots.run('normal', never, job.body);
      await slots.run('critical', never, async () => served.push('newcomer'));
    };
    const newcomer = arrive();
    await job.begun;
    const waiting = slots.run('low', never, async () => served.push('waiting'));

    job.end();
    await Promise.all([waiting, newcomer]);

    expect(served).toEqual(['waiting', 'newcomer']);
  });

  it('frees the slot of a body that throws, and passes its error on', async () => {
    const slots = createSlots(1);
    const job = work();
    const running = slots.run('normal', never, job.body);
    await job.begun;

    job.fail(new Error('boom'));

    await expect(running).rejects.toThrow('boom');
    expect(slots.used).toBe(0);
    expect(await slots.run('normal', never, async () => 'next')).toBe('next');
  });

  it('frees the slot of a body that throws before it promises anything', async () => {
    const slots = createSlots(1);
    const hasty = (): Promise<never> => {
      throw new Error('at once');
    };

    await expect(slots.run('normal', never, hasty)).rejects.toThrow('at once');
    expect(slots.used).toBe(0);
  });

  it('gives nothing to what is aborted already', async () => {
    const slots = createSlots(1);
    const signal = AbortSignal.abort(new Error('cancelled'));

    await expect(slots.run('normal', signal, async () => 'ran')).rejects.toThrow('cancelled');
    expect(slots).toMatchObject({ used: 0, queued: 0 });
  });

  it('lets go of what is aborted while it queues, and serves the next in line', async () => {
    const slots = createSlots(1);
    const { leave } = await occupy(slots);
    const cut = new AbortController();
    const served: string[] = [];
    const impatient = slots.run('critical', cut.signal, async () => served.push('impatient'));
    const patient = slots.run('low', never, async () => served.push('patient'));

    cut.abort(new Error('the run turned round'));

    await expect(impatient).rejects.toThrow('the run turned round');
    expect(slots.queued).toBe(1);
    await leave();
    await patient;
    expect(served).toEqual(['patient']);
    expect(slots).toMatchObject({ used: 0, queued: 0 });
  });

  it('leaves a body alone that is aborted after it began: that is for the body to heed', async () => {
    const slots = createSlots(1);
    const { leave } = await occupy(slots);
    const cut = new AbortController();
    const job = work();
    const running = slots.run('normal', cut.signal, job.body);
    await leave();
    await job.begun;

    cut.abort(new Error('too late'));

    expect(slots).toMatchObject({ used: 1, queued: 0 });
    job.end('finished');
    expect(await running).toBe('finished');
    expect(slots.used).toBe(0);
  });
});
