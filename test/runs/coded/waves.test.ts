// `waves` on tasks that only answer: order, failures all the way down, and graphs that cannot be run.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FailureError, failure } from '../../../src/kernel/index.ts';
import { CallFailedError } from '../../../src/runs/call-failed.ts';
import { TasksFailedError, waves } from '../../../src/runs/waves.ts';

const refused = (what: string) => new FailureError(failure('REFUSED', what));

/** A random graph: each task depends on some of those before it, and some fail. */
const graphs = fc
  .array(fc.record({ dependsOn: fc.array(fc.nat()), fails: fc.boolean() }), { minLength: 1, maxLength: 12 })
  .map((tasks) =>
    tasks.map(({ dependsOn, fails }, index) => ({
      name: `t${index}`,
      dependsOn: index === 0 ? [] : [...new Set(dependsOn.map((other) => `t${other % index}`))],
      fails: fails && index % 3 === 0,
    })),
  );

describe('waves', () => {
  it('answers every task by its name, and gives each what those before it answered', async () => {
    const results = await waves<{ one: number; two: number; sum: number }>({
      sum: { dependsOn: ['one', 'two'], run: async ({ one, two }) => one + two },
      one: { run: async () => 1 },
      two: { dependsOn: ['one'], run: async ({ one }) => one + 1 },
    });

    const sum: number = results.sum;
    expect({ ...results, sum }).toEqual({ one: 1, two: 2, sum: 3 });
  });

  it('starts a task before its slow sibling ends', async () => {
    const slow = Promise.withResolvers<string>();

    const results = await waves<{ slow: string; quick: string; after: string }>({
      slow: { run: async () => await slow.promise },
      quick: { run: async () => 'quick' },
      after: {
        dependsOn: ['quick'],
        run: async () => {
          slow.resolve('slow');
          return 'after';
        },
      },
    });

    expect(results).toEqual({ slow: 'slow', quick: 'quick', after: 'after' });
  });

  it('skips exactly what depends on a failure, all the way down', async () => {
    await fc.assert(
      fc.asyncProperty(graphs, async (graph) => {
        const ran: string[] = [];
        const tasks = Object.fromEntries(
          graph.map(({ name, dependsOn, fails }) => [
            name,
            {
              dependsOn,
              run: async () => {
                expect(dependsOn.filter((other) => !ran.includes(other))).toEqual([]);
                if (fails) throw refused(name);
                ran.push(name);
                return name;
              },
            },
          ]),
        );
        const bad = new Set<string>();
        for (const { name, dependsOn, fails } of graph) if (fails || dependsOn.some((id) => bad.has(id))) bad.add(name);
        const failed = graph.filter(({ dependsOn, fails }) => fails && !dependsOn.some((id) => bad.has(id)));

        const ended = await waves(tasks).catch((error: unknown) => error);

        expect(ran.toSorted()).toEqual(graph.flatMap(({ name }) => (bad.has(name) ? [] : [name])).toSorted());
        if (failed.length === 0) {
          expect(Object.keys(ended as object)).toHaveLength(graph.length);
          return;
        }
        const error = ended as TasksFailedError;
        expect(error).toBeInstanceOf(TasksFailedError);
        expect(Object.keys(error.failed)).toEqual(failed.map(({ name }) => name));
        expect(error.skipped).toHaveLength(bad.size - failed.length);
      }),
    );
  });

  it('throws the first failure in the order of the tasks, with the call it came from', async () => {
    const late = Promise.withResolvers<never>();
    const reason = { cause: 'rejection', at: 'review', failure: null } as const;
    const first = {
      run: async () => {
        await Promise.resolve();
        return await late.promise;
      },
    };
    const second = {
      run: async (): Promise<never> => {
        late.reject(new CallFailedError('review', reason));
        throw refused('second');
      },
    };

    await expect(waves({ first, second })).rejects.toMatchObject({
      name: 'TasksFailedError',
      call: 'review',
      reason,
      failed: { first: { code: 'REJECTED' }, second: { code: 'REFUSED' } },
    });
  });

  it('throws at once what is no failure of a task', async () => {
    const never = Promise.withResolvers<never>();

    const run = waves({
      hangs: { run: async () => await never.promise },
      bug: { run: () => Promise.reject(new TypeError('a bug')) },
    });

    await expect(run).rejects.toThrow(new TypeError('a bug'));
  });

  it.each([
    {
      what: 'a cycle, by its path',
      tasks: { a: { dependsOn: ['c'] }, b: { dependsOn: ['a'] }, c: { dependsOn: ['b'] } },
      message: 'tasks wait for each other: a -> c -> b -> a',
    },
    {
      what: 'an unknown dependency, with the nearest name',
      tasks: { draft: {}, check: { dependsOn: ['drafft'] } },
      message: 'task "check" depends on "drafft", which is no task; did you mean "draft"?',
    },
  ])('refuses $what, before anything runs', async ({ tasks, message }) => {
    const ran: string[] = [];
    const all = Object.fromEntries(
      Object.entries(tasks).map(([name, task]) => [name, { ...task, run: async () => void ran.push(name) }]),
    );

    await expect(waves(all)).rejects.toThrow(new TypeError(message));
    expect(ran).toEqual([]);
  });

  it('gives a task no result that it does not wait for', async () => {
    const run = waves<{ other: number; reader: number }>({
      other: { run: async () => 1 },
      reader: { run: async ({ other }) => other },
    });

    await expect(run).rejects.toThrow('task "reader" reads "other" and does not depend on it: add it to its dependsOn');
  });
});
