// Attempts to reach a prototype through keys: in definitions, inputs, patches, expressions, queries and bodies. Afterwards every object is
// as it was.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  compileDefinition,
  compileTemplate,
  renderTemplate,
  validateInput,
  validateValue,
  validateWithDefaults,
} from '../../src/definitions/index.ts';
import type { Scope } from '../../src/definitions/index.ts';
import { actorOfClaims } from '../../src/http/token-claims.ts';
import { FailureError, mergePatch } from '../../src/kernel/index.ts';
import type { Json } from '../../src/kernel/index.ts';
import { catalog } from '../definitions/small-catalog.ts';
import { startTestApp, type RunningApp } from '../http/running-app.ts';

const own = Reflect.ownKeys(Object.prototype);
const ofFunctions = Reflect.ownKeys(Function.prototype);
const ofLists = Reflect.ownKeys(Array.prototype);

afterEach(() => {
  expect(Reflect.ownKeys(Object.prototype)).toEqual(own);
  expect(Reflect.ownKeys(Function.prototype)).toEqual(ofFunctions);
  expect(Reflect.ownKeys(Array.prototype)).toEqual(ofLists);
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
});

const poisoned = [
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"a":[{"__proto__":{"polluted":true}}]}',
  '{"prototype":1}',
  '{"a":{"b":{"constructor":{"polluted":true}}}}',
  '{"__proto__":null}',
  '{"__proto__":[]}',
  String.raw`{"\u005f_proto__":{"polluted":true}}`,
];

describe('keys', () => {
  const plan = { input: { type: 'object', properties: { a: { default: { polluted: 1 } } } } };

  it.each(poisoned)('are refused in an input: %s', (text) => {
    expect(validateInput(plan, JSON.parse(text) as Json).problems[0]?.message).toMatch(/^uses the reserved key/);
  });

  it.each(poisoned)('are refused in any validated value: %s', (text) => {
    expect(validateValue({}, JSON.parse(text) as Json)).toHaveLength(1);
  });

  it.each(poisoned)('are refused in a definition, as JSON and as YAML: %s', (text) => {
    const source = `{"workflow":{"name":"x"},"modules":[{"id":"a","activities":[{"name":"b","tool":"echo","action":"say","with":${text}}]}]}`;

    for (const format of ['json', 'yaml'] as const) {
      const result = compileDefinition(source, { catalog, format });
      expect(result.ok ? [] : result.problems.map(({ message }) => message)).toEqual([
        expect.stringMatching(/is a reserved key$/),
      ]);
    }
  });

  it.each(['constructor', 'prototype', '__proto__'])('cannot be ids: %s', (id) => {
    expect(compileDefinition(`workflow: { name: x }\nmodules: [{ id: ${id}, activities: [] }]`, { catalog }).ok).toBe(
      false,
    );
  });
});

describe('a merge patch', () => {
  it.each(poisoned)('reaches no prototype: %s', (text) => {
    const merged = mergePatch({ a: { b: 1 }, c: 2 }, JSON.parse(text) as Json);

    expect(Object.keys(merged ?? {}).filter((key) => key !== 'a' && key !== 'c')).toEqual([]);
    expect(Reflect.get(Object(merged), 'polluted')).toBeUndefined();
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
  });
});

describe('defaults of a schema', () => {
  it.each(poisoned)('are not filled into a prototype: %s', (text) => {
    const schema = { type: 'object', properties: { constructor: {}, toString: {} }, default: JSON.parse(text) as Json };

    const { value } = validateWithDefaults({ properties: { x: { default: {} }, y: schema } }, {});

    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });
});

describe('expressions and texts', () => {
  const run = { id: 'r', name: 'n', version: '1.0.0', tenant: 't', startedAt: '2026-01-01T00:00:00Z', changes: [] };
  const scope: Scope = { input: { a: 1 }, outputs: {}, status: {}, run };

  it.each([
    "${{ {'__proto__': {'polluted': true}} }}",
    "${{ {'constructor': {'prototype': {'polluted': true}}} }}",
    "${{ input['__proto__'] }}",
    '{% assign __proto__ = input %}{{ __proto__.a }}',
    '{% assign constructor.prototype.polluted = 1 %}',
    '{% capture constructor %}x{% endcapture %}',
    '{% increment __proto__ %}',
    '{% increment polluted %}',
    '{% decrement constructor %}',
    '{% for __proto__ in (1..2) %}{{ __proto__ }}{% endfor %}',
    '{% cycle "__proto__": "a", "b" %}',
    '{% tablerow constructor in (1..2) %}{% endtablerow %}',
  ])('leave every prototype alone: %s', (text) => {
    const { template, problems } = compileTemplate(text);
    if (problems.length > 0) return expect(problems[0]?.message).toMatch(/^expression /);
    try {
      expect(typeof renderTemplate(template, scope)).toMatch(/string|object/);
    } catch (error) {
      expect(error).toBeInstanceOf(FailureError);
    }
  });

  it.each(['__proto__.polluted', 'constructor.name', '__proto__', 'toString'])(
    'claims are read from no prototype: %s',
    (tenant) => {
      expect(() => actorOfClaims({ sub: 'a' }, { user: 'sub', tenant, roles: 'roles' })).toThrow('is missing');
    },
  );
});

describe('over HTTP', () => {
  let api: RunningApp;
  beforeAll(async () => {
    api = await startTestApp('security_pollution');
  });
  afterAll(async () => await api.stop());

  const bodies = poisoned.flatMap((text) => [
    ['/v1/runs', `{"workflow":"echo","input":${text}}`],
    ['/v1/runs', `{"workflow":"echo","input":{},"labels":${text}}`],
    ['/v1/runs', text],
    ['/v1/campaigns', text],
    ['/v1/runs/run_x/fork', `{"node":"a","input":${text}}`],
    ['/v1/runs/run_x/decide', `{"node":"a","decision":"done_by_hand","value":${text}}`],
    ['/v1/approvals/apr_x/decisions', `{"decision":"approve","edits":${text}}`],
    ['/v1/adapters/memory/execute', `{"action":"remember","arguments":${text}}`],
  ]);

  it.each(bodies)('%s refuses %s', async (path, body) => {
    const { status } = await api.call(path, { body, headers: { 'content-type': 'application/json' } });
    expect([400, 422]).toContain(status);
  });

  it.each([
    '/v1/runs?__proto__[polluted]=1',
    '/v1/runs?__proto__=1',
    '/v1/runs?constructor.prototype.polluted=1',
    '/v1/runs?label.__proto__=1',
    '/v1/runs?label.constructor=1',
    '/v1/definitions/__proto__',
    '/v1/definitions/constructor/versions/prototype',
    '/v1/adapters/__proto__/execute',
    '/v1/adapters/constructor/execute',
  ])('%s finds nothing, and changes nothing', async (path) => {
    const isExecute = path.endsWith('/execute');
    const { status } = await api.call(path, isExecute ? { body: { action: '__proto__' } } : {});
    expect([400, 404, 422, ...(path.includes('label.') ? [200] : [])]).toContain(status);
  });

  it.each(['__proto__', 'constructor', 'toString'])('no tool has an action %s', async (action) => {
    expect(await api.call('/v1/adapters/memory/execute', { body: { action } })).toMatchObject({ status: 404 });
  });
});
