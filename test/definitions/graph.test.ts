// Graphs of any shape: waves, ancestors, cycles and the critical path agree with what they mean.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileDefinition, criticalPath, wavesOf } from '../../src/definitions/index.ts';
import type { Plan, PlanNode } from '../../src/definitions/index.ts';
import { ancestorsOf, dependentsOf, findCycle } from '../../src/definitions/graph.ts';
import type { Edges } from '../../src/definitions/graph.ts';
import { catalog } from './small-catalog.ts';

/** Any graph without cycles: each node may depend on nodes of a lower number, listed in any order. */
const acyclic: fc.Arbitrary<Edges> = fc.array(fc.array(fc.nat(), { maxLength: 4 }), { maxLength: 25 }).chain((rows) => {
  const entries = rows.map((row, id): [string, string[]] => [
    `n${id}`,
    id === 0 ? [] : [...new Set(row.map((other) => `n${other % id}`))],
  ]);
  return fc.shuffledSubarray(entries, { minLength: entries.length }).map((shuffled) => new Map(shuffled));
});

/** Any graph at all. */
const any: fc.Arbitrary<Edges> = fc
  .array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 12 })
  .map((rows) => new Map(rows.map((row, id) => [`n${id}`, row.map((other) => `n${other % rows.length}`)])));

// By definition, without any cleverness.
function reachable(edges: Edges, from: string): ReadonlySet<string> {
  const seen = new Set<string>();
  const visit = (id: string): void => {
    for (const dependency of edges.get(id) ?? []) {
      if (seen.has(dependency)) continue;
      seen.add(dependency);
      visit(dependency);
    }
  };
  visit(from);
  return seen;
}

describe('wavesOf', () => {
  it('puts every node one deeper than its deepest dependency', () => {
    fc.assert(
      fc.property(acyclic, (edges) => {
        const waves = wavesOf(edges);
        const depth = new Map(waves.flatMap((ids, wave) => ids.map((id) => [id, wave] as const)));

        expect([...depth.keys()].toSorted()).toEqual([...edges.keys()].toSorted());
        for (const [id, dependencies] of edges) {
          expect(depth.get(id)).toBe(
            Math.max(-1, ...dependencies.map((dependency) => depth.get(dependency) ?? -1)) + 1,
          );
        }
      }),
    );
  });

  it('keeps the order of the document within a wave', () => {
    fc.assert(
      fc.property(acyclic, (edges) => {
        const order = [...edges.keys()];

        for (const wave of wavesOf(edges)) expect(wave).toEqual(order.filter((id) => wave.includes(id)));
      }),
    );
  });

  it('leaves out what is in a cycle or behind one', () => {
    const edges = new Map([
      ['a', []],
      ['b', ['c']],
      ['c', ['b']],
      ['d', ['c']],
      ['e', ['a']],
    ]);

    expect(wavesOf(edges)).toEqual([['a'], ['e']]);
  });
});

describe('ancestorsOf', () => {
  it('is everything that can be reached, in document order, with and without cycles', () => {
    fc.assert(
      fc.property(fc.oneof(acyclic, any), (edges) => {
        const ancestors = ancestorsOf(edges);

        for (const id of edges.keys()) {
          const expected = reachable(edges, id);
          expect(ancestors.get(id)).toEqual([...edges.keys()].filter((other) => expected.has(other)));
        }
      }),
    );
  });
});

describe('findCycle', () => {
  it('finds none where there is none', () => {
    fc.assert(
      fc.property(acyclic, (edges) => {
        expect(findCycle(edges)).toBeUndefined();
      }),
    );
  });

  it('finds one exactly where a node reaches itself, and it is one', () => {
    fc.assert(
      fc.property(any, (edges) => {
        const cycle = findCycle(edges);

        expect(cycle !== undefined).toBe([...edges.keys()].some((id) => reachable(edges, id).has(id)));
        if (!cycle) return;
        expect(cycle[0]).toBe(cycle.at(-1));
        for (const [index, id] of cycle.slice(0, -1).entries()) expect(edges.get(id)).toContain(cycle[index + 1]);
        expect(new Set(cycle).size).toBe(cycle.length - 1);
      }),
    );
  });

  it('walks chains of any length', () => {
    const chain = new Map(Array.from({ length: 50_000 }, (_, n) => [`n${n}`, n === 49_999 ? ['n0'] : [`n${n + 1}`]]));

    expect(findCycle(chain)).toHaveLength(50_001);
  });
});

describe('dependentsOf', () => {
  it('turns every edge round, and back', () => {
    fc.assert(
      fc.property(acyclic, (edges) => {
        const back = dependentsOf(dependentsOf(edges));

        for (const [id, dependencies] of edges) expect(new Set(back.get(id))).toEqual(new Set(dependencies));
      }),
    );
  });
});

describe('criticalPath', () => {
  const planOf = (edges: Edges): Pick<Plan, 'nodes'> => {
    const entries = [...edges].map(
      ([id, dependencies]) => `{ name: ${id}, tool: echo, action: say, depends_on: [${dependencies.join(', ')}] }`,
    );
    const result = compileDefinition(
      `workflow: { name: x }\nmodules: [{ id: m, type: parallel, activities: [${entries.join(', ')}] }]`,
      { catalog },
    );
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    return result.plan;
  };

  it('is a chain of dependencies that no other outlasts', () => {
    fc.assert(
      fc.property(
        acyclic.filter((edges) => edges.size > 0),
        fc.array(fc.nat({ max: 100 }), { minLength: 25, maxLength: 25 }),
        (edges, durations) => {
          const plan = planOf(edges);
          const durationOf = (node: PlanNode): number => durations[node.index] ?? 0;
          const byId = new Map(plan.nodes.map((node) => [node.id, node]));
          const longest = (node: PlanNode): number =>
            durationOf(node) +
            Math.max(
              0,
              ...node.dependencies.flatMap((id) => byId.get(id) ?? []).map((dependency) => longest(dependency)),
            );

          const { nodes, durationMs } = criticalPath(plan, durationOf);

          expect(durationMs).toBe(Math.max(...plan.nodes.map((node) => longest(node))));
          expect(nodes.flatMap((id) => byId.get(id) ?? []).reduce((sum, node) => sum + durationOf(node), 0)).toBe(
            durationMs,
          );
          for (const [index, id] of nodes.slice(1).entries())
            expect(byId.get(id)?.dependencies).toContain(nodes[index]);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('counts timeouts, and for waits how long they wait', () => {
    const result = compileDefinition(
      `
workflow: { name: x }
modules:
  - { id: a, activities: [{ name: b, tool: echo, action: say, timeout: 10s }] }
  - { id: w, type: wait, depends_on: [a], wait: { for: 1m } }
  - { id: m, type: wait, depends_on: [a], wait: { message: m, timeout: 2m } }
  - { id: ask, type: approval, depends_on: [m], approval: { title: t, approvers: ['role:x'], timeout: 1h } }
`,
      { catalog },
    );

    expect(result.ok && criticalPath(result.plan)).toEqual({
      nodes: ['a.b', 'm', 'ask'],
      durationMs: 10_000 + 120_000 + 3_600_000,
    });
  });

  it('is empty for a plan without nodes', () => {
    expect(criticalPath({ nodes: [] })).toEqual({ nodes: [], durationMs: 0 });
  });
});
