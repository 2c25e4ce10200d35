// What each flow of test/chaos/flows is expected to do: its effects when it succeeds, and which undo must precede which. Pure.

export interface FlowShape {
  /** Nodes whose effect a succeeded run has, each once. */
  readonly effects: readonly string[];
  /** `[x, y]`: y was built on x, so y is undone before x. */
  readonly builtOn: readonly (readonly [string, string])[];
}

const chain = (...nodes: string[]): FlowShape => ({
  effects: nodes,
  builtOn: nodes.flatMap((later, index) => nodes.slice(0, index).map((earlier) => [earlier, later] as const)),
});

const items = ['item-x', 'item-y', 'item-z'];

const graph: FlowShape = {
  effects: ['s', 'l1', 'l2', ...items, 'm'],
  builtOn: [
    ...chain('s', 'l1', 'l2', 'm').builtOn,
    ...items.flatMap((item) => [['s', item] as const, [item, 'm'] as const]),
  ],
};

export const FLOWS: Readonly<Record<string, FlowShape>> = {
  saga: chain('a', 'b', 'c', 'd'),
  graph,
  approval: chain('draft', 'out'),
  'late-approval': chain('draft', 'out'),
  message: chain('ask', 'thank'),
  lists: chain('one', 'two', 'three'),
  herd: chain('act'),
  'coded-saga': chain('first', 'second', 'third'),
  'poison-kill': chain('first'),
  'poison-block': chain('first'),
};
