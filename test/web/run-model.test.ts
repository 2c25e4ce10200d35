// What the page of a run decides: where its graph is drawn, what a verb would take back, which verbs there are, and what is sent.
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Effect, RunGraph } from '../../web/src/api/run-shapes.ts';
import { RUN_STATUSES } from '../../web/src/api/shapes.ts';
import { layOut, MOST_CARDS } from '../../web/src/model/graph-layout.ts';
import { lookOfRun } from '../../web/src/model/status.ts';
import { previewUndo, withDescendants } from '../../web/src/model/undo-preview.ts';
import { bodyOf } from '../../web/src/model/verb-body.ts';
import { VERBS, verbsFor } from '../../web/src/model/verbs.ts';
import { RUN_STATUSES as STATUSES_OF_RUNS } from '../../src/runs/index.ts';

type Node = RunGraph['nodes'][number];

/** Each node depends on some of those before it. */
const graphs = fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 60 }).map((picks) => {
  const nodes: Node[] = [];
  for (const [at, pick] of picks.entries()) {
    const dependsOn = at === 0 ? [] : [...new Set(pick.map((each) => `n${each % at}`))];
    const wave = 1 + Math.max(-1, ...nodes.filter(({ id }) => dependsOn.includes(id)).map((node) => node.wave));
    nodes.push({ id: `n${at}`, module: 'm', kind: 'activity', dependsOn, wave, optional: false, isList: false });
  }
  return nodes;
});

const graphOf = (
  nodes: readonly Node[],
  compensationOrder: RunGraph['compensationOrder'] = 'reverse_graph',
): RunGraph => ({
  isCoded: false,
  nodes: [...nodes],
  modules: [],
  compensationOrder,
});

function chainOf(length: number): Node[] {
  return Array.from({ length }, (_, at) => ({
    id: `n${at}`,
    module: 'm',
    kind: 'activity' as const,
    dependsOn: at === 0 ? [] : [`n${at - 1}`],
    wave: at,
    optional: false,
    isList: false,
  }));
}

describe('layOut', () => {
  it('puts every node inside, none over another, and draws no edge that others say already', () => {
    fc.assert(
      fc.property(graphs, (nodes) => {
        const { nodes: placed, edges, width, height, nodeWidth, nodeHeight } = layOut(nodes);
        const [first, ...rest] = placed.toSorted((a, b) => a.x - b.x || a.y - b.y);

        expect(placed).toHaveLength(nodes.length);
        for (const { x, y } of placed) {
          expect(x >= 0 && y >= 0 && x + nodeWidth <= width && y + nodeHeight <= height).toBe(true);
        }
        const all = first ? [first, ...rest] : [];
        for (const [at, a] of all.entries())
          for (const b of all.slice(at + 1))
            expect(Math.abs(a.x - b.x) >= nodeWidth || Math.abs(a.y - b.y) >= nodeHeight).toBe(true);
        const direct = nodes.flatMap(({ id, dependsOn }) => dependsOn.map((from) => `${from} ${id}`));
        expect(direct).toEqual(expect.arrayContaining(edges.map(({ from, to }) => `${from} ${to}`)));
      }),
      { numRuns: 30 },
    );
  });

  it('leaves out an edge that a longer way goes round', () => {
    const [a, b, c] = chainOf(3);
    const { edges } = layOut([a!, b!, { ...c!, dependsOn: ['n0', 'n1'] }]);

    expect(edges.map(({ from, to }) => `${from} ${to}`)).toEqual(['n0 n1', 'n1 n2']);
  });

  it('draws thousands as cells, at once', () => {
    const many = chainOf(2_000).map((node, at) => ({ ...node, wave: at % 7 }));
    const began = performance.now();
    const { kind, nodes } = layOut(many);

    expect(performance.now() - began).toBeLessThan(500);
    expect({ kind, count: nodes.length }).toEqual({ kind: 'cells', count: 2_000 });
    expect(new Set(nodes.map(({ x, y }) => `${x} ${y}`)).size).toBe(2_000);
    expect(layOut(chainOf(MOST_CARDS)).kind).toBe('cards');
  });
});

const effectOf = (node: string, over: Partial<Effect> = {}): Effect => ({
  node,
  state: 'done',
  stands: true,
  takenBackBy: 'desk.take',
  ...over,
});

describe('previewUndo', () => {
  it('takes back what depends on something before that', () => {
    fc.assert(
      fc.property(graphs, (nodes) => {
        const effects = nodes.map(({ id }) => effectOf(id));
        const order = previewUndo(graphOf(nodes), effects).undone.map((group) => group.map(({ node }) => node));
        const placeOf = (id: string): number => order.findIndex((group) => group.includes(id));

        for (const { id, dependsOn } of nodes)
          for (const before of dependsOn) expect(placeOf(id)).toBeLessThan(placeOf(before));
        expect(order.flat()).toHaveLength(nodes.length);
      }),
    );
  });

  it('tells what stays, and leaves out what does not stand', () => {
    const effects = [
      effectOf('n0', { takenBackBy: 'irreversible' }),
      effectOf('n1', { takenBackBy: undefined }),
      effectOf('n2', { stands: false }),
    ];

    expect(previewUndo(graphOf(chainOf(3)), effects)).toMatchObject({
      undone: [],
      stays: [{ node: 'n0' }, { node: 'n1' }],
    });
  });

  it('goes one by one where the definition says so', () => {
    const effects = [effectOf('n0'), effectOf('n0', { item: 1 })];

    expect(previewUndo(graphOf(chainOf(1), 'lifo'), effects).undone).toEqual([[effects[1]], [effects[0]]]);
    expect(previewUndo(graphOf(chainOf(1)), effects).undone).toEqual([effects]);
  });

  it('keeps to a node and what was built on it', () => {
    const nodes = chainOf(4);
    const among = withDescendants(nodes, 'n2');

    expect([...among]).toEqual(['n2', 'n3']);
    expect(
      previewUndo(
        graphOf(nodes),
        nodes.map(({ id }) => effectOf(id)),
        among,
      ).undone.flat(),
    ).toHaveLength(2);
  });
});

describe('the verbs', () => {
  it('are those that ARCHITECTURE.md allows in each status', () => {
    const text = readFileSync(new URL('../../ARCHITECTURE.md', import.meta.url), 'utf8');
    const table = text.slice(text.indexOf('| run | pause |'));
    const [, , ...names] = (table.split('\n')[0] ?? '').split('|').map((cell) => cell.trim());
    for (const status of RUN_STATUSES) {
      const row = new RegExp(`^\\| \`${status}\` \\|(.*)\\|$`, 'm').exec(table)?.[1]?.split('|') ?? [];
      const allowed = names.filter((_, at) => row[at]?.trim() === 'yes');

      expect({ status, verbs: verbsFor(status).toSorted() }).toEqual({ status, verbs: allowed.toSorted() });
    }
    expect(names.filter((name) => name !== '').toSorted()).toEqual([...VERBS].toSorted());
  });

  it('knows every status that a run may have', () => {
    expect(RUN_STATUSES).toEqual(STATUSES_OF_RUNS);
    expect(new Set(RUN_STATUSES.map((status) => lookOfRun(status).word)).size).toBe(RUN_STATUSES.length);
  });

  it('send what their forms hold', () => {
    const form = (given: Record<string, string>) => ({ get: (name: string) => given[name] ?? null });

    expect(bodyOf('cancel', form({ compensate: 'on', reason: ' why ' }))).toEqual({ compensate: true, reason: 'why' });
    expect(bodyOf('cancel', form({}))).toEqual({ compensate: false });
    expect(bodyOf('fork', form({ node: 'a', input: '{"n": 1}' }))).toEqual({ node: 'a', input: { n: 1 } });
    expect(bodyOf('decide', form({ node: 'a', decision: 'skip', value: '' }))).toEqual({ node: 'a', decision: 'skip' });
    expect(bodyOf('decide', form({ node: 'a', decision: 'retry', with: '{' }))).toBeInstanceOf(Error);
    expect(bodyOf('pause', form({}))).toEqual({});
  });
});
