// What a run would do, told before it does anything.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileDefinition, coverageOf, previewPlan } from '../../src/definitions/index.ts';
import type { Plan } from '../../src/definitions/index.ts';
import { catalog } from './small-catalog.ts';

function compiled(source: string): Plan {
  const result = compileDefinition(source, { catalog });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.plan;
}

const fullForm = compiled(readFileSync(new URL('fixtures/full-form.yaml', import.meta.url), 'utf8'));
const input = { audience: 'everyone', urls: ['https://a.example/'], copies: 2, when: '2026-03-01T09:00:00Z' };

describe('previewPlan', () => {
  const preview = previewPlan(fullForm, input, catalog);
  const nodes = new Map(preview.waves.flat().map((node) => [node.id, node]));

  it('fills in what the input decides and names what only the run will know', () => {
    expect(nodes.get('research.look')?.call).toEqual({
      tool: 'notes',
      action: 'find',
      arguments: { query: 'everyone', limit: 5 },
    });
    expect(nodes.get('research.read')).toMatchObject({
      items: 1,
      when: true,
      call: {
        arguments: { url: { $unresolved: 'item' }, text: { $unresolved: 'Page {{ index }} for {{ input.audience }}' } },
      },
    });
    expect(nodes.get('sending.send')?.call?.arguments).toEqual({
      to: 'everyone',
      subject: 'Hello',
      copies: 3,
      tone: 'kind',
    });
    expect(nodes.get('sending.draft')?.call?.arguments).toEqual({
      text: { $unresolved: "{{ outputs.look.titles | join: ', ' }}" },
    });
  });

  it('says how keys are made and repeats recognised, for acts with an effect', () => {
    expect(nodes.get('sending.send')?.key).toEqual({ madeFrom: ['run', 'sending.send', 'epoch'], keyedBy: 'vendor' });
    expect(nodes.get('research.look')?.key).toBeUndefined();
  });

  it('tells whom an approval asks, and who is told of it when and where', () => {
    const plan = compiled(`
workflow: { name: asks, input: { type: object, properties: { lead: { type: string } } } }
modules:
  - id: review
    type: approval
    approval:
      title: "Ship for {{ input.lead }}?"
      approvers: ["user:{{ input.lead }}"]
      timeout: 24h
      remind_at: [4h]
      notify: [{ tool: slack, to: "#reviews" }, { tool: sendgrid, to: "{{ input.lead }}@team.example" }]
      escalate: [{ after: 8h, to: ["role:director"] }]
`);

    expect(previewPlan(plan, { lead: 'ann' }, catalog).waves[0]?.[0]?.asks).toEqual({
      title: 'Ship for ann?',
      approvers: ['user:ann'],
      quorum: 1,
      timeout: '1d',
      onTimeout: 'reject',
      tells: [
        { tool: 'slack', to: '#reviews' },
        { tool: 'sendgrid', to: 'ann@team.example' },
        { after: '8h', tool: 'slack', to: '#reviews', asks: ['role:director'] },
      ],
      remindedAfter: ['4h'],
    });
  });

  it('lists what would be undone, in order', () => {
    expect(preview.compensation).toEqual([
      [{ undoes: 'sending.send', tool: 'mail', action: 'unsend', arguments: { id: { $unresolved: 'result.id' } } }],
      [
        {
          undoes: 'sending.draft',
          tool: 'notes',
          action: 'erase',
          arguments: { $unresolved: 'made by notes from what sending.draft answers' },
        },
      ],
    ]);
    expect(nodes.get('research.look')?.compensation).toBe('none');
  });

  it('shows the waves and the critical path by timeouts', () => {
    expect(preview.waves.map((wave) => wave.map(({ id }) => id))).toEqual(fullForm.waves);
    expect(preview.criticalPath).toEqual({ nodes: fullForm.nodes.map(({ id }) => id), longest: '8d' });
  });

  it('leaves open what fails on this input', () => {
    const without = previewPlan(fullForm, {}, catalog);
    const read = without.waves.flat().find(({ id }) => id === 'research.read');

    expect(read).toMatchObject({ items: { $unresolved: 'input.urls' }, when: { $unresolved: 'size(input.urls) > 0' } });
  });

  it('shows null for an input that is null', () => {
    const plan = compiled(
      'workflow: { name: x }\nmodules: [{ id: a, activities: [{ name: b, tool: echo, action: say, with: { v: "${{ input.v }}" } }] }]',
    );

    expect(previewPlan(plan, { v: null }, catalog).waves[0]?.[0]?.call?.arguments).toEqual({ v: null });
  });
});

describe('the order of undoing', () => {
  const source = (order: string): string => `workflow: { name: x, compensation_order: ${order} }
modules:
  - id: a
    type: parallel
    activities:
      - { name: one, tool: mail, action: send, with: { to: x }, compensation: unsend }
      - { name: two, tool: mail, action: send, with: { to: x }, compensation: unsend }
  - id: b
    depends_on: [a]
    activities: [{ name: three, tool: mail, action: send, with: { to: x }, compensation: unsend }]
`;
  const undone = (order: string) =>
    previewPlan(compiled(source(order)), {}, catalog).compensation.map((calls) => calls.map(({ undoes }) => undoes));

  it('undoes dependents first and siblings together', () => {
    expect(undone('reverse_graph')).toEqual([['b.three'], ['a.one', 'a.two']]);
  });

  it('undoes one by one where the document says lifo', () => {
    expect(undone('lifo')).toEqual([['b.three'], ['a.two'], ['a.one']]);
  });
});

describe('a failure', () => {
  const acts = `workflow: { name: x }
modules:
  - id: a
    type: parallel
    activities:
      - { name: one, tool: mail, action: send, with: { to: x }, compensation: unsend }
      - { name: two, tool: mail, action: send, with: { to: x }, compensation: unsend }
      - { name: bare, tool: mail, action: send, with: { to: x } }
  - { id: inner, type: workflow, depends_on: [a], workflow: other, input: { who: "{{ run.id }}" } }
  - id: b
    depends_on: [inner]
    activities:
      - { name: three, tool: mail, action: send, with: { to: x }, irreversible: true }
      - { name: four, tool: mail, action: send, with: { to: x }, compensation: unsend, optional: true }
      - { name: five, tool: mail, action: send, with: { to: x }, compensation: unsend }
`;
  const plan = compiled(acts);
  const at = new Map(
    previewPlan(plan, {}, catalog)
      .waves.flat()
      .map((node) => [node.id, node]),
  );

  it('takes back what was done before it, in order, and what may have been done beside it', () => {
    expect(at.get('a.one')?.ifItFails).toEqual({ undone: [], perhaps: ['a.two'], heldBehind: [] });
    expect(at.get('b.three')?.ifItFails).toEqual({
      undone: [['inner'], ['a.one', 'a.two']],
      perhaps: [],
      heldBehind: [],
    });
  });

  it('holds the run behind an irreversible act, and turns nothing round where it is optional', () => {
    expect(at.get('b.five')?.ifItFails?.heldBehind).toEqual(['b.three']);
    expect(at.get('b.four')).not.toHaveProperty('ifItFails');
  });

  it('is shown with what a child run would run', () => {
    expect(at.get('inner')).toMatchObject({
      kind: 'workflow',
      runs: { workflow: 'other', input: { who: { $unresolved: '{{ run.id }}' } } },
    });
  });

  it('lists a child run among what would be undone, by its own undos', () => {
    const { compensation } = previewPlan(plan, {}, catalog);
    expect(compensation.flat()).toContainEqual({ undoes: 'inner', workflow: 'other' });
  });

  it('leaves behind what says neither what takes it back nor that nothing does', () => {
    expect(coverageOf(plan)).toEqual({ effects: 6, covered: 5, percentage: 83, uncovered: ['a.bare'] });
    expect(coverageOf(compiled('workflow: { name: x }\nmodules: [{ id: a, activities: [] }]'))).toMatchObject({
      effects: 0,
      percentage: 100,
    });
  });
});
