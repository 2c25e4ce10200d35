// References to secrets are accepted as whole arguments of tools that send them, and refused with line and column everywhere else.
import { describe, expect, it } from 'vitest';
import { compileDefinition } from '../../src/definitions/index.ts';
import { createAction, createCatalog, createTool } from './small-catalog.ts';

const input = {
  type: 'object',
  properties: {
    headers: { type: 'object' },
    count: { type: 'integer' },
    tone: { enum: ['kind', 'terse'] },
    at: { type: 'string', format: 'date-time' },
    code: { type: 'string', maxLength: 4 },
  },
  additionalProperties: false,
} as const;
const send = createAction('send', { input });
const catalog = createCatalog(
  { ...createTool('mail', [send, createAction('unsend')]), secretArguments: 'any' },
  { ...createTool('web', [createAction('get')]), secretArguments: ['headers'] },
  createTool('memory', [createAction('remember')]),
);

function problemsIn(source: string): readonly string[] {
  const compiled = compileDefinition(source, { catalog, fileName: 'x.yaml' });
  return compiled.ok ? [] : compiled.problems.map(({ path, message }) => `${path} ${message}`);
}

const activity = (call: string): string => `
workflow: { name: w, input: { type: object, properties: { who: { type: string } } } }
modules:
  - id: m
    activities:
      - { name: a, ${call} }
`;

describe('a reference to a secret', () => {
  it('is a whole argument, as deep as arguments go, of an act and of its compensation', () => {
    const compensation = `compensation: { action: unsend, with: { token: secret://mail-token } }`;

    expect(
      problemsIn(
        activity(`tool: mail, action: send, with: { headers: { auth: [secret://A.b_c-1] } }, ${compensation}`),
      ),
    ).toEqual([]);
  });

  it.each([
    ['an enumeration', 'tone'],
    ['a format', 'at'],
    ['a length', 'code'],
  ])('may turn out to fit %s', (_, argument) => {
    expect(problemsIn(activity(`tool: mail, action: send, with: { ${argument}: secret://x }`))).toEqual([]);
  });

  it('is a text, and no number', () => {
    expect(problemsIn(activity('tool: mail, action: send, with: { count: secret://x }'))).toEqual([
      'x.yaml:6:61 argument "count" of mail.send must be integer',
    ]);
  });

  it('is refused where the tool does not send it', () => {
    expect(
      problemsIn(activity('tool: web, action: get, with: { url: secret://x, headers: { a: secret://x } }')),
    ).toEqual(['x.yaml:6:57 web sends no secret in "url"; headers may hold secrets']);
    expect(problemsIn(activity('tool: memory, action: remember, with: { text: secret://x }'))).toEqual([
      'x.yaml:6:66 memory sends no secret in "text"',
    ]);
  });

  it.each([
    ['Liquid', '"Bearer {{ input.who }} secret://x"', 'cannot be part of an expression or a template'],
    ['a text made of nothing else but Liquid', '"secret://{{ input.who }}"', 'cannot be part of an expression'],
    ['CEL', `"\${{ 'secret://x' }}"`, 'cannot be part of an expression or a template'],
    ['a longer text', '"Bearer secret://x"', 'must be the whole value'],
    ['a text in other letters', '"SECRET://x"', 'must be the whole value'],
    ['a name that is none', '"secret://a b"', 'this names no secret'],
    ['no name at all', '"secret://"', 'this names no secret'],
  ])('is refused in %s, with line and column', (_, value, message) => {
    const problems = problemsIn(activity(`tool: mail, action: send, with: { headers: { a: ${value} } }`));

    expect(problems).toEqual([expect.stringContaining(message)]);
    expect(problems[0]).toMatch(/^x\.yaml:6:68 /);
  });

  it('is refused as the name of an argument', () => {
    expect(problemsIn(activity('tool: mail, action: send, with: { headers: { "secret://x": a } }'))).toEqual([
      'x.yaml:6:65 a secret cannot be the name of an argument',
    ]);
  });

  it.each([
    ['a condition', activity(`tool: mail, action: send, when: "'secret://x' == input.who"`)],
    ['a list', activity(`tool: mail, action: send, for_each: "['secret://x']"`)],
    ['the output', `${activity('tool: mail, action: send')}output: { token: secret://x }`],
    [
      'a default of the input',
      activity('tool: mail, action: send').replace('string }', 'string, default: secret://x }'),
    ],
    [
      'a question',
      `{ workflow: { name: w }, modules: [{ id: q, type: approval, approval: { title: secret://x, approvers: ["user:a"], timeout: 1h } }] }`,
    ],
  ])('is refused in %s', (_, source) => {
    expect(problemsIn(source)).toEqual([
      expect.stringContaining('a secret can only be an argument of a tool, in "with"'),
    ]);
  });

  it('may be spoken of in a description', () => {
    expect(
      problemsIn(activity('tool: mail, action: send').replace('name: w,', 'name: w, description: needs secret://x,')),
    ).toEqual([]);
  });
});
