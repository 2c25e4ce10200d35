// Who is to blame for a crash: the pure rule, held by properties over whole histories of crashes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { POISON_AT, PROBATION_FROM, isOnProbation, judgeOrphans } from '../../src/durable/poison.ts';
import type { Orphan } from '../../src/durable/poison.ts';

const orphan = (over: Partial<Orphan> = {}): Orphan => ({
  runId: 'run',
  crashes: 0,
  progressed: false,
  resting: false,
  ...over,
});
const crash = { crashed: true, hadProbationer: false };

const anyOrphan = fc.record({
  runId: fc.uuid(),
  crashes: fc.integer({ min: 0, max: POISON_AT - 1 }),
  progressed: fc.boolean(),
  resting: fc.boolean(),
});
const orphans = fc.uniqueArray(anyOrphan, { selector: (each) => each.runId, maxLength: 20 });

describe('judgeOrphans', () => {
  it('counts a first crash as one', () => {
    expect(judgeOrphans([orphan()], crash)).toEqual([{ runId: 'run', crashes: 1, verdict: 'requeue' }]);
  });

  it('counts from one again when the run got on in between', () => {
    expect(judgeOrphans([orphan({ crashes: 4, progressed: true })], crash)).toMatchObject([
      { crashes: 1, verdict: 'requeue' },
    ]);
  });

  it('sets a run aside at the fifth crash without progress', () => {
    expect(judgeOrphans([orphan({ crashes: 4 })], crash)).toMatchObject([{ crashes: 5, verdict: 'quarantine' }]);
  });

  it('lays the crash to the probationer alone', () => {
    const [probationer, neighbour] = [
      orphan({ runId: 'probationer', crashes: 2 }),
      orphan({ runId: 'neighbour', crashes: 1 }),
    ];

    expect(judgeOrphans([neighbour, probationer], crash)).toMatchObject([
      { runId: 'neighbour', crashes: undefined },
      { runId: 'probationer', crashes: 3 },
    ]);
  });

  it('spares the neighbours of a probationer that is not among them', () => {
    expect(judgeOrphans([orphan({ crashes: 1 })], { crashed: true, hadProbationer: true })).toMatchObject([
      { crashes: undefined, verdict: 'requeue' },
    ]);
  });

  it('requeues everything and counts nothing when the executor left of its own will', () => {
    fc.assert(
      fc.property(orphans, fc.boolean(), (left, hadProbationer) => {
        const judged = judgeOrphans(left, { crashed: false, hadProbationer });
        expect(judged).toEqual(left.map(({ runId }) => ({ runId, crashes: undefined, verdict: 'requeue' })));
      }),
    );
  });

  it('judges every orphan once, never blames one that rests, and sets aside only what crashed often enough', () => {
    fc.assert(
      fc.property(orphans, fc.boolean(), (left, hadProbationer) => {
        const judged = judgeOrphans(left, { crashed: true, hadProbationer });
        expect(judged.map(({ runId }) => runId)).toEqual(left.map(({ runId }) => runId));
        judged.forEach(({ crashes, verdict }, index) => {
          const { resting, progressed, crashes: before } = left[index]!;
          if (resting) expect(crashes).toBeUndefined();
          if (verdict === 'quarantine') expect({ progressed, before }).toEqual({ progressed: false, before: 4 });
        });
      }),
    );
  });

  it('blames probationers, or else everyone who acted', () => {
    fc.assert(
      fc.property(orphans, (left) => {
        const blamed = new Set(
          judgeOrphans(left, crash).flatMap(({ runId, crashes }) => (crashes === undefined ? [] : [runId])),
        );
        const probationers = left.filter(isOnProbation);
        const acting = probationers.length > 0 ? probationers : left.filter(({ resting }) => !resting);
        expect(blamed).toEqual(new Set(acting.map(({ runId }) => runId)));
      }),
    );
  });
});

/** Crashes one executor again and again as claims would fill it: all that is not on probation, and one that is, the least counted first. */
function crashUntilQuiet(poison: ReadonlySet<string>, good: ReadonlySet<string>) {
  const counts = new Map([...poison, ...good].map((runId) => [runId, 0]));
  const setAside = new Map<string, number>();
  const deaths = new Map<string, number>();
  for (let round = 0; round < 1_000; round++) {
    const left = [...counts].map(([runId, crashes]) => orphan({ runId, crashes }));
    const [probationer] = left.filter(isOnProbation).toSorted((a, b) => a.crashes - b.crashes);
    const claimed = [...left.filter((each) => !isOnProbation(each)), ...(probationer ? [probationer] : [])];
    if (claimed.length === 0) break;
    const killers = claimed.filter(({ runId }) => poison.has(runId));
    if (killers.length === 0) {
      for (const { runId } of claimed) counts.delete(runId);
      continue;
    }
    for (const { runId } of killers) deaths.set(runId, (deaths.get(runId) ?? 0) + 1);
    for (const { runId, crashes, verdict } of judgeOrphans(claimed, crash)) {
      if (crashes !== undefined) counts.set(runId, crashes);
      if (verdict === 'quarantine') {
        setAside.set(runId, crashes ?? 0);
        counts.delete(runId);
      }
    }
  }
  return { setAside, left: [...counts.keys()], deaths };
}

describe('the rule over a history of crashes', () => {
  it('sets every poison run aside after five crashes at most and never an innocent neighbour', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 30 }), (poisonCount, goodCount) => {
        const poison = new Set(Array.from({ length: poisonCount }, (_, n) => `poison ${n}`));
        const good = new Set(Array.from({ length: goodCount }, (_, n) => `good ${n}`));

        const { setAside, left, deaths } = crashUntilQuiet(poison, good);

        expect(new Set(setAside.keys())).toEqual(poison);
        expect(left).toEqual([]);
        expect(Math.max(0, ...deaths.values())).toBeLessThanOrEqual(POISON_AT);
      }),
    );
  });

  it('puts a run on probation before it sets it aside', () => {
    expect(PROBATION_FROM).toBeLessThan(POISON_AT);
  });
});
