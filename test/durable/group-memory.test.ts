// What an execution remembers, and for how long it may rest on it.
import fc from 'fast-check';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ExecutionMemory } from '../../src/durable/group-memory.ts';
import type { RecordedStep } from '../../src/durable/group-memory.ts';

const step = (output: string): RecordedStep => ({
  functionName: 'step',
  output,
  error: null,
  childWorkflowID: null,
  serialization: null,
});

describe('ExecutionMemory', () => {
  it('knows nothing until it has learnt', () => {
    const memory = new ExecutionMemory();

    expect(memory.isComplete).toBe(false);
    expect(memory.take(1)).toBeUndefined();
  });

  it('tells each id once, recorded or not, and none that the execution recorded or asked the database for', () => {
    const id = fc.nat(6);
    const act = fc.oneof(
      id.map((taken) => ({ taken })),
      id.map((owned) => ({ owned })),
      fc.constant({ learns: true }),
    );
    fc.assert(
      fc.property(fc.uniqueArray(id), fc.array(act), (recorded, acts) => {
        const memory = new ExecutionMemory();
        const touched = new Set<number>();
        let learnt = false;
        for (const each of acts) {
          if ('learns' in each) {
            memory.learn(new Map(recorded.map((at) => [at, step(String(at))])));
            learnt = true;
          } else if ('owned' in each) {
            memory.own(each.owned);
            touched.add(each.owned);
          } else {
            const known = { recorded: recorded.includes(each.taken) ? step(String(each.taken)) : undefined };
            expect(memory.take(each.taken)).toEqual(learnt && !touched.has(each.taken) ? known : undefined);
            touched.add(each.taken);
          }
        }
      }),
    );
  });

  it('forgets all when the token is lost', () => {
    const memory = new ExecutionMemory();
    memory.learn(new Map([[1, step('1')]]));
    memory.forget();

    expect(memory.isComplete).toBe(false);
    expect(memory.take(1)).toBeUndefined();
  });

  it('rests on a sight for one turn of the event loop before a step that acts', async () => {
    const memory = new ExecutionMemory();
    memory.learn(new Map());
    expect(memory.vouchesFor(1)).toBe(false);

    memory.see();
    expect(memory.vouchesFor(1)).toBe(true);
    await Promise.resolve();
    expect(memory.vouchesFor(1)).toBe(true);
    await nextTurn();

    expect(memory.vouchesFor(1)).toBe(false);
  });

  it('rests on it longer before a step that is only replayed', async () => {
    const memory = new ExecutionMemory();
    memory.learn(new Map([[1, step('1')]]));
    memory.see();
    await nextTurn();

    expect(memory.vouchesFor(1)).toBe(true);
    memory.take(1);
    expect(memory.vouchesFor(1)).toBe(false);
    expect(memory.vouchesFor(undefined)).toBe(false);
  });
});
