// What a good definition becomes.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileDefinition } from '../../src/definitions/index.ts';
import type { ActivityNode, Catalog, Plan } from '../../src/definitions/index.ts';
import { catalog, createAction, createCatalog, createTool } from './small-catalog.ts';

function compiled(source: string, tools: Catalog = catalog): { plan: Plan; warnings: readonly string[] } {
  const result = compileDefinition(source, { catalog: tools });
  if (!result.ok) throw new Error(result.problems.map((problem) => problem.message).join('\n'));
  return { plan: result.plan, warnings: result.warnings.map((warning) => warning.message) };
}

function node(plan: Plan, id: string): ActivityNode {
  const found = plan.nodes.find((candidate) => candidate.id === id);
  if (found?.kind !== 'activity') throw new Error(`no activity ${id}`);
  return found;
}

const fixture = (name: string): string => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');

const smallest = `
workflow: { name: smallest }
modules: [{ id: a, activities: [{ name: b, tool: echo, action: say }] }]
`;

describe('the form of the original design', () => {
  const tools = createCatalog(
    createTool('notion', [
      createAction('search_database', { undoneBy: ['delete_research_notes'] }),
      createAction('delete_research_notes'),
    ]),
    createTool('playwright', [
      createAction('scrape_competitors', { undoneBy: ['clear_cache'] }),
      createAction('clear_cache'),
    ]),
    createTool('slm', [createAction('chat_completion')]),
    createTool(
      'memory',
      [createAction('remember', { undoneBy: ['forget'] }), createAction('forget')],
      ['memory_gateway'],
    ),
  );

  it('loads as it stands, aliases resolved', () => {
    const { plan, warnings } = compiled(fixture('original.yaml'), tools);

    expect(plan).toMatchObject({
      name: 'marketing-campaign-automation',
      title: 'Marketing Campaign Automation',
      version: '1.0.0',
    });
    expect(plan.nodes.map(({ id, dependencies }) => [id, dependencies])).toEqual([
      ['research.market_research', []],
      ['research.competitor_analysis', []],
      ['content_creation.generate_content', ['research.market_research', 'research.competitor_analysis']],
      [
        'content_creation.store_brand_voice',
        ['research.market_research', 'research.competitor_analysis', 'content_creation.generate_content'],
      ],
    ]);
    expect(node(plan, 'content_creation.store_brand_voice')).toMatchObject({
      tool: 'memory',
      compensation: { tool: 'memory', action: 'forget' },
    });
    expect(warnings).toEqual([]);
  });

  it('reports every tool and action that no adapter has, by name and with the nearest one', () => {
    const other = createCatalog(
      createTool('notion', [createAction('search_databases')]),
      createTool('playwright', [createAction('scrape_page')]),
      createTool('memory', [createAction('remember')], ['memory_gateway']),
    );

    const result = compileDefinition(fixture('original.yaml'), { catalog: other, fileName: 'original.yaml' });

    expect(result.ok ? [] : result.problems.map(({ path, message }) => `${path} ${message}`)).toEqual([
      'original.yaml:10:17 tool "notion" has no action "search_database"; did you mean "search_databases"?',
      'original.yaml:11:23 tool "notion" has no action "delete_research_notes"; it has search_databases',
      'original.yaml:14:17 tool "playwright" has no action "scrape_competitors"; it has scrape_page',
      'original.yaml:15:23 tool "playwright" has no action "clear_cache"; it has scrape_page',
      'original.yaml:21:15 unknown tool "slm"',
      'original.yaml:26:23 memory_gateway.remember declares no undo "forget"; it declares none',
    ]);
  });
});

describe('the full form', () => {
  const { plan, warnings } = compiled(fixture('full-form.yaml'));

  it('keeps what the document says about the run', () => {
    expect(plan).toMatchObject({
      name: 'full-form',
      title: 'Full Form',
      version: '1.2.0',
      description: 'Every key once',
      priority: 'high',
      execution: 'waves',
      onFailure: 'stop',
      compensationOrder: 'lifo',
      timeoutMs: 72 * 3_600_000,
      messageTopics: ['contract-signed'],
      output: { decision: { $cel: 'outputs.review.decision' }, mail: { $cel: 'outputs.sending.send.id' } },
    });
    expect(warnings).toEqual([]);
  });

  it('keeps what it says about modules', () => {
    expect(plan.modules.map(({ id, type, dependencies }) => [id, type, dependencies])).toEqual([
      ['research', 'parallel', []],
      ['sending', 'sequential', ['research']],
      ['review', 'approval', ['sending']],
      ['pause', 'wait', ['review']],
      ['signed', 'wait', ['pause']],
    ]);
    expect(plan.modules[0]).toMatchObject({
      optional: true,
      when: { cel: "input.audience != ''" },
      require: { cel: "status.research.look == 'completed'" },
      timeoutMs: 300_000,
      progress: 20,
      maxParallel: 3,
    });
    expect(plan.modules.slice(1).map(({ progress }) => progress)).toEqual([40, 60, 80, 100]);
  });

  it('keeps what it says about activities', () => {
    expect(node(plan, 'research.look')).toMatchObject({
      with: { query: { $cel: 'input.audience' }, limit: 5 },
      timeoutMs: 10_000,
      heartbeatMs: 3_000,
      retry: { maxAttempts: 10, initialIntervalMs: 2_000, backoff: 3, maxIntervalMs: 120_000 },
      optional: true,
    });
    expect(node(plan, 'research.read')).toMatchObject({
      with: { url: { $cel: 'item' }, text: { $liquid: 'Page {{ index }} for {{ input.audience }}' } },
      forEach: { cel: 'input.urls' },
      when: { cel: 'size(input.urls) > 0' },
      maxParallel: 2,
      dependencies: ['research.look'],
      retry: {
        strategy: 'linear',
        maxAttempts: 7,
        initialIntervalMs: 500,
        backoff: 1.5,
        maxIntervalMs: 10_000,
        maxElapsedMs: 120_000,
        jitter: false,
        nonRetryable: ['NOTES_404'],
      },
    });
    expect(node(plan, 'sending.draft').compensation).toEqual({
      tool: 'notes',
      action: 'erase',
      timeoutMs: 30_000,
      retry: node(plan, 'sending.draft').retry,
    });
    expect(node(plan, 'sending.send').compensation).toMatchObject({
      action: 'unsend',
      with: { id: { $cel: 'result.id' } },
      timeoutMs: 60_000,
      retry: { maxAttempts: 3 },
    });
  });

  it('keeps what it says about approvals and waits', () => {
    expect(plan.nodes.find(({ id }) => id === 'review')).toMatchObject({
      kind: 'approval',
      title: { $liquid: 'Send to {{ input.audience }}?' },
      approvers: ['role:lead', { $liquid: 'user:{{ input.audience }}' }],
      allowRequester: true,
      timeoutMs: 86_400_000,
      onTimeout: 'approve',
      editable: ['sending.draft'],
      form: { type: 'object', properties: { note: { type: 'string' } } },
    });
    expect(plan.nodes.find(({ id }) => id === 'pause')).toMatchObject({
      wait: { kind: 'until', at: { $cel: 'input.when' } },
    });
    expect(plan.nodes.find(({ id }) => id === 'signed')).toMatchObject({
      wait: { kind: 'message', topic: 'contract-signed', timeoutMs: 7 * 86_400_000 },
    });
  });

  it('lists ancestors, waves and step ranges', () => {
    expect(plan.nodes.at(-1)?.ancestors).toEqual([
      'research.look',
      'research.read',
      'sending.draft',
      'sending.send',
      'review',
      'pause',
    ]);
    expect(plan.waves).toEqual([
      ['research.look'],
      ['research.read'],
      ['sending.draft'],
      ['sending.send'],
      ['review'],
      ['pause'],
      ['signed'],
    ]);
    expect(plan.nodes.slice(0, 3).map(({ range }) => range)).toEqual([
      { base: 4_096, size: 4_096 },
      { base: 8_192, size: 1_048_576 },
      { base: 1_056_768, size: 4_096 },
    ]);
  });
});

describe('defaults', () => {
  it('are those of the contract', () => {
    const { plan } = compiled(smallest);

    expect(plan).toMatchObject({
      priority: 'normal',
      execution: 'eager',
      onFailure: 'compensate',
      compensationOrder: 'reverse_graph',
      input: {},
    });
    expect(plan.timeoutMs).toBeUndefined();
    expect(plan.modules).toEqual([
      { id: 'a', type: 'sequential', dependencies: [], nodes: ['a.b'], optional: false, progress: 100, maxParallel: 1 },
    ]);
    expect(node(plan, 'a.b')).toMatchObject({
      with: {},
      timeoutMs: 30_000,
      maxParallel: 5,
      optional: false,
      irreversible: false,
      effect: false,
      retry: {
        strategy: 'exponential',
        maxAttempts: 5,
        initialIntervalMs: 1_000,
        backoff: 2,
        maxIntervalMs: 60_000,
        jitter: true,
        nonRetryable: [],
      },
    });
  });

  it('make an approval reject when nobody answers, by anyone but the requester', () => {
    const { plan } = compiled(
      `{ workflow: { name: x }, modules: [{ id: a, type: approval, approval: { title: t, approvers: ['role:x'], timeout: 1h } }] }`,
    );

    expect(plan.nodes[0]).toMatchObject({ quorum: 1, allowRequester: false, onTimeout: 'reject', editable: [] });
  });

  it('make a version of the hash', () => {
    const { plan } = compiled(smallest);

    expect(plan.version).toBe(`0.0.0-${plan.hash.slice(0, 8)}`);
  });
});

describe('the hash', () => {
  const hashOf = (source: string): string => compiled(source).plan.hash;

  it('is the same after reformatting, in another order of keys, and as JSON', () => {
    const json = `{"modules":[{"activities":[{"tool":"echo","name":"b","action":"say"}],"id":"a"}],"workflow":{"name":"smallest"}}`;
    const reordered = `# a comment\nmodules:\n- activities:\n  - {action: say, tool: "echo", name: 'b'}\n  id: a\nworkflow:\n    name: smallest\n`;

    expect(hashOf(reordered)).toBe(hashOf(smallest));
    expect(hashOf(json)).toBe(hashOf(smallest));
    expect(compileDefinition(JSON.stringify(JSON.parse(json), null, '\t'), { format: 'json', catalog })).toMatchObject({
      ok: true,
      plan: { hash: hashOf(smallest) },
    });
  });

  it('changes with any value', () => {
    expect(hashOf(smallest.replace('smallest', 'smaller'))).not.toBe(hashOf(smallest));
  });
});

describe('warnings', () => {
  it('name an act with an effect and neither compensation nor irreversible', () => {
    const { warnings } = compiled(
      `{ workflow: { name: x }, modules: [{ id: a, activities: [{ name: s, tool: mail, action: send, with: { to: me } }] }] }`,
    );

    expect(warnings).toEqual([
      '"a.s" changes something outside but has neither a compensation (compensation: unsend) nor irreversible: true',
    ]);
  });

  it('name an irreversible act before an approval', () => {
    const { warnings } = compiled(`
workflow: { name: x }
modules:
  - id: a
    activities: [{ name: s, tool: mail, action: send, with: { to: me }, irreversible: true }]
  - { id: ask, type: approval, depends_on: [a], approval: { title: t, approvers: ['role:x'], timeout: 1h } }
`);

    expect(warnings).toEqual([
      '"a.s" is irreversible and comes before the approval "ask": a rejection cannot take it back',
    ]);
  });

  it('name an undeclared key of the input that resembles no declared one', () => {
    const { warnings } = compiled(`
workflow: { name: x, input: { type: object, properties: { who: { type: string } } } }
modules: [{ id: a, activities: [{ name: b, tool: echo, action: say, with: { x: "\${{ input.elsewhere }}" } }] }]
`);

    expect(warnings).toEqual(['unknown reference "input.elsewhere": there is no "elsewhere"']);
  });
});

describe('dependencies', () => {
  it('pass through a module without activities', () => {
    const { plan } = compiled(`
workflow: { name: x }
modules:
  - { id: a, activities: [{ name: one, tool: echo, action: say }] }
  - { id: gap, depends_on: [a], activities: [] }
  - { id: b, depends_on: [gap], activities: [{ name: two, tool: echo, action: say, with: { v: "\${{ outputs.one }}" } }] }
`);

    expect(plan.nodes[1]).toMatchObject({ id: 'b.two', dependencies: ['a.one'], wave: 1 });
  });

  it('may name a single activity of another module', () => {
    const { plan } = compiled(`
workflow: { name: x }
modules:
  - { id: a, type: parallel, activities: [{ name: one, tool: echo, action: say }, { name: two, tool: echo, action: say }] }
  - { id: b, type: parallel, activities: [{ name: three, tool: echo, action: say, depends_on: [a.one] }] }
`);

    expect(plan.waves).toEqual([['a.one', 'a.two'], ['b.three']]);
    expect(plan.nodes[2]?.ancestors).toEqual(['a.one']);
  });
});

describe('breakers', () => {
  const withBreakers = (activity: string, breakers: string): string => `
workflow: { name: guarded }
modules: [{ id: a, activities: [{ name: b, tool: mail, action: send, with: { to: x, subject: y }, ${activity} }] }]
${breakers}
`;
  const usual = { failures: 5, windowMs: 60_000, rate: 0.5, openMs: 60_000, successes: 2 };

  it.each([
    ['a name', 'breaker: smtp', { service: 'smtp', park: false, settings: usual }],
    ['a wait', 'breaker: { park: true }', { service: 'mail', park: true, settings: usual }],
    ['both', 'breaker: { service: smtp, park: true }', { service: 'smtp', park: true, settings: usual }],
  ])('are taken from %s, for the undo by the same tool too', (_, breaker, expected) => {
    const { plan } = compiled(withBreakers(`${breaker}, compensation: unsend`, ''));

    expect(node(plan, 'a.b').breaker).toEqual(expected);
    expect(node(plan, 'a.b').compensation?.breaker).toEqual(expected);
  });

  it("are the tool's where nothing is said", () => {
    expect(node(compiled(withBreakers('irreversible: true', '')).plan, 'a.b').breaker).toBeUndefined();
  });

  it('have the settings of their service, and the usual ones where those are silent', () => {
    const { plan } = compiled(withBreakers('irreversible: true', 'breakers: { mail: { failures: 2, open: 5s } }'));

    expect(node(plan, 'a.b').breaker).toEqual({
      service: 'mail',
      park: false,
      settings: { ...usual, failures: 2, openMs: 5_000 },
    });
  });
});
