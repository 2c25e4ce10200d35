// Everything a definition is refused for: each rule with its line, its column and the nearest right name.
import { describe, expect, it } from 'vitest';
import { compileDefinition } from '../../src/definitions/index.ts';
import { catalog } from './small-catalog.ts';

/** The problems of a document, each as the word it points at and what it says. */
function refused(source: string): readonly string[] {
  const result = compileDefinition(source, { catalog });
  const wordAt = (line = 0, column = 0): string =>
    /^["']?[^\s,:"'}\]]*/.exec(source.split('\n')[line - 1]?.slice(column - 1) ?? '')?.[0] ?? '';
  return result.ok ? [] : result.problems.map(({ line, column, message }) => `${wordAt(line, column)} | ${message}`);
}

/** A document with one activity; `keys` are added to it. */
const activity = (
  keys: string,
): string => `workflow: { name: x, input: { type: object, properties: { who: { type: string }, n: { type: number }, list: { type: array } } } }
modules:
  - id: a
    activities:
      - { name: first, tool: echo, action: say }
      - { name: b, tool: echo, action: say, ${keys} }
`;

/** A document with one module of these keys behind an activity `a.b`. */
const module = (keys: string, workflow = 'name: x'): string => `workflow: { ${workflow} }
modules:
  - { id: a, activities: [{ name: b, tool: echo, action: say }] }
  - { id: m, depends_on: [a], ${keys} }
`;

const approval = (keys: string, workflow?: string): string =>
  module(`type: approval, approval: { title: t, approvers: ['role:x'], ${keys} }`, workflow);

describe('a document with many mistakes', () => {
  const source = `workflow:
  name: Twelve mistakes
  versoin: 1.0.0
  timeout: 1h
  input: { type: object, properties: { who: { type: string } } }
modules:
  - id: first
    type: paralel
    activities:
      - name: look
        tool: notse
        action: find
      - name: write
        tool: notes
        action: wriet
      - name: send
        tool: mail
        action: send
        with: { too: a, copies: many }
        compensation: retract
  - id: first
    activities: []
  - id: second
    depends_on: [frist, third]
    activities:
      - { name: say, tool: echo, action: say, with: { a: "\${{ outputs.ask }}", b: "\${{ input.whoo }}", c: "\${{ 1 + }}" } }
  - id: third
    depends_on: [second]
    when: "'abc'"
    activities: []
  - id: ask
    type: approval
    approval: { title: t, approvers: [bob], timeout: 2h }
`;

  it('answers with all of them at once, in the order of the text', () => {
    const result = compileDefinition(source, { catalog });
    const problems = result.ok
      ? []
      : result.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);

    expect(problems).toEqual([
      '3:3 unknown key "versoin"; did you mean "version"?',
      '8:11 must be one of parallel, sequential, approval, wait, workflow, not "paralel"; did you mean "parallel"?',
      '11:15 unknown tool "notse"; did you mean "notes"?',
      '15:17 tool "notes" has no action "wriet"; did you mean "write"?',
      '19:15 missing argument "to" of mail.send',
      '19:17 unknown argument "too" of mail.send; did you mean "to"?',
      '19:33 argument "copies" of mail.send must be integer',
      '20:23 mail.send declares no undo "retract"; it declares unsend',
      '21:9 duplicate module id: "first" is already on line 7',
      '24:17 cycle in depends_on: second -> third -> second',
      '24:18 unknown module "frist" in depends_on; did you mean "first"?',
      '26:58 "ask" is not an ancestor of "second.say", so its output may not be there yet; add it to depends_on',
      '26:83 unknown reference "input.whoo": there is no "whoo"; did you mean "who"?',
      '26:107 expression found + at 1:3 is not expected here',
      '29:11 must be true or false, but the expression is text',
      '33:39 approver "bob" must be role:<name> or user:<name>',
      "33:54 the approval waits up to 2h, but the run ends after 1h; make the run's timeout longer",
    ]);
  });

  it('says file:line:column where the file has a name, and a JSON pointer where it has none', () => {
    const problems = (fileName?: string) => {
      const result = compileDefinition(source, { catalog, fileName });
      return result.ok ? [] : result.problems;
    };

    expect(problems('flow.yaml')[2]).toMatchObject({ path: 'flow.yaml:11:15', line: 11, column: 15 });
    expect(problems()[2]).toMatchObject({ path: '/modules/0/activities/0/tool', line: 11, column: 15 });
  });
});

describe('keys', () => {
  it.each([
    ['an unknown key of an activity', activity('timout: 3s'), 'timout | unknown key "timout"; did you mean "timeout"?'],
    [
      'an unknown key at the root',
      `${activity('')}outputs: 1\n`,
      'outputs | unknown key "outputs"; did you mean "output"?',
    ],
    [
      'a heartbeat over the timeout',
      activity('heartbeat: 31s'),
      '31s | "a.b" times out after 30s, before its heartbeat could be missed; give it a longer timeout',
    ],
    ['a breaker that is no name', activity('breaker: 3'), '3 | must be the name of a service, or {service, park}'],
    [
      'a key of a breaker',
      activity('breaker: { sevrice: mail }'),
      'sevrice | unknown key "sevrice"; did you mean "service"?',
    ],
    [
      'settings of a breaker that nothing goes through',
      `${activity('')}breakers: { ehco: { failures: 3 } }\n`,
      'ehco | no activity goes through a breaker "ehco"; did you mean "echo"?',
    ],
    [
      'a window beyond what is remembered',
      `${activity('')}breakers: { echo: { window: 6m } }\n`,
      '6m | must be from 1s to 5m',
    ],
    ['a rate above all', `${activity('')}breakers: { echo: { rate: 2 } }\n`, '2 | must be at most 1'],
    [
      'a breaker that is not open',
      `${activity('')}breakers: { echo: { open: 10ms } }\n`,
      '10ms | must be from 100ms to 24h',
    ],
    ['a child run of itself', module('type: workflow, workflow: x'), 'x | "x" would run itself without end'],
    ['a child run without a name', module('type: workflow'), '{ | "workflow" is missing; it must be text'],
    [
      'activities beside a child run',
      module('type: workflow, workflow: y, activities: []'),
      'activities | unknown key "activities": a module of type workflow has none',
    ],
    [
      'the input of a child run elsewhere',
      module('activities: [], input: {}'),
      'input | unknown key "input": only modules of type workflow have it',
    ],
    [
      'an unknown on_timeout',
      approval('timeout: 1h, on_timeout: aks'),
      'aks | must be one of reject, approve, ask, not "aks"; did you mean "ask"?',
    ],
    ['a quorum of nobody', approval('timeout: 1h, quorum: 0'), '0 | must be at least 1'],
    [
      'a reminder after the timeout',
      approval('timeout: 1h, notify: [{ tool: slack, to: x }], remind_at: [4h]'),
      '4h | must be earlier than the timeout, 1h',
    ],
    [
      'reminders out of order',
      approval('timeout: 1h, notify: [{ tool: slack, to: x }], remind_at: [20m, 10m]'),
      '10m | must be later than 20m',
    ],
    [
      'a reminder of nobody',
      approval('timeout: 1h, remind_at: [20m]'),
      '[20m | reminds nobody: "notify" names no channel',
    ],
    [
      'an escalation after the timeout',
      approval("timeout: 1h, escalate: [{ after: 1h, to: ['role:y'] }]"),
      '1h | must be earlier than the timeout, 1h',
    ],
    [
      'an escalation to nobody known',
      approval('timeout: 1h, escalate: [{ after: 10m, to: [ann] }]'),
      'ann | approver "ann" must be role:<name> or user:<name>',
    ],
    [
      'a tool that tells nobody',
      approval('timeout: 1h, notify: [{ tool: slak, to: x }]'),
      'slak | must be one of slack, sendgrid, not "slak"; did you mean "slack"?',
    ],
    [
      'a mail to a channel',
      approval("timeout: 1h, notify: [{ tool: sendgrid, to: '#reviews' }]"),
      `'#reviews | "#reviews" is no mail address`,
    ],
    [
      'a message to a person at Slack',
      approval('timeout: 1h, notify: [{ tool: slack, to: U0123456789 }]'),
      'U0123456789 | "U0123456789" is a person; give a channel',
    ],
    [
      'a mail that speaks for a stranger',
      approval("timeout: 1h, notify: [{ tool: sendgrid, to: a@b.example, as: 'user:eve' }]"),
      `'user | "user:eve" is not asked here; a mail speaks for one of role:x`,
    ],
    [
      'a channel at Slack that speaks for somebody',
      approval("timeout: 1h, notify: [{ tool: slack, to: x, as: 'role:x' }]"),
      `'role | goes with a mail; who clicks in Slack answers as user:slack:<their member id>`,
    ],
    ['changes to nowhere', approval('timeout: 1h, changes: {}'), '{ | "to" is missing; it must be text'],
    [
      'a timeout of an approval module',
      module("type: approval, timeout: 1h, approval: { title: t, approvers: ['role:x'], timeout: 1h }"),
      'timeout | unknown key "timeout": put it inside "approval"',
    ],
    [
      'a missing name',
      'workflow: {}\nmodules: [{ id: a, activities: [] }]\n',
      '{ | "name" is missing; it must be text',
    ],
    [
      'a missing tool',
      'workflow: { name: x }\nmodules: [{ id: a, activities: [{ name: b, action: say }] }]\n',
      '{ | "tool" is missing; it must be text',
    ],
    ['no modules', 'workflow: { name: x }\nmodules: []\n', '[ | must have at least one module'],
    ['a list for a map', 'workflow: []\nmodules: [{ id: a, activities: [] }]\n', '[ | must be a map, not a list'],
    ['a text for a module', 'workflow: { name: x }\nmodules: [nothing]\n', 'nothing | must be a map, not "nothing"'],
    [
      'a name without a letter',
      'workflow: { name: "!!" }\nmodules: [{ id: a, activities: [] }]\n',
      '"!! | "!!" has no letter or digit to make a name of',
    ],
    [
      'a version that is none',
      'workflow: { name: x, version: latest }\nmodules: [{ id: a, activities: [] }]\n',
      'latest | must be a semantic version such as 1.2.0',
    ],
    [
      'a version that YAML reads as a number',
      'workflow: { name: x, version: 1.2 }\nmodules: [{ id: a, activities: [] }]\n',
      '1.2 | must be a semantic version in quotes, such as "1.2.0"',
    ],
    [
      'a module id with a dot',
      'workflow: { name: x }\nmodules: [{ id: a.b, activities: [] }]\n',
      'a.b | must start with a letter and have at most 64 letters, digits, _ or -',
    ],
    [
      'a duration without a unit',
      activity('timeout: "30"'),
      '"30 | must be a duration such as 500ms, 30s, 5m, 24h or 7d',
    ],
    ['a duration of nothing', activity('timeout: 0s'), '0s | must be longer than nothing and at most ten years'],
    [
      'an unknown retry policy',
      activity('retry: idempotent_call'),
      'idempotent_call | must be one of idempotent_api_call, financial_transaction, user_notification, none, not "idempotent_call"; did you mean "idempotent_api_call"?',
    ],
    ['more than 20 attempts', activity('retry: { max_attempts: 21 }'), '21 | must be at most 20'],
    ['an unknown key of a policy', activity('retry: { attempts: 2 }'), 'attempts | unknown key "attempts"'],
    [
      'an unknown strategy',
      activity('retry: { strategy: exponental }'),
      'exponental | must be one of exponential, linear, immediate, manual, not "exponental"; did you mean "exponential"?',
    ],
  ])('refuses %s', (_, source, expected) => {
    expect(refused(source)).toContain(expected);
  });
});

describe('tools and arguments', () => {
  const send = (
    keys: string,
  ): string => `workflow: { name: x, input: { properties: { who: { type: string }, n: { type: number } } } }
modules:
  - id: a
    activities:
      - { name: s, tool: mail, action: send, ${keys} }
`;

  it.each([
    ['a literal of the wrong type', send('with: { to: 3 }'), '3 | argument "to" of mail.send must be string'],
    [
      'a literal that is none of the allowed',
      send('with: { to: me, tone: kindly }'),
      'kindly | argument "tone" of mail.send must be one of ["kind","terse"]; did you mean "kind"?',
    ],
    [
      'a hole of the wrong type',
      send('with: { to: "${{ input.n }}" }'),
      '"${{ | argument "to" of mail.send must be text, but the expression is a number',
    ],
    [
      'text where a number is needed',
      send('with: { to: me, copies: "{{ input.n }}" }'),
      '"{{ | argument "copies" of mail.send must be a number, but the expression is text',
    ],
    ['a missing argument where there is no with', send(''), '{ | missing argument "to" of mail.send'],
    [
      'an undo with a wrong argument',
      send('with: { to: me }, compensation: { action: unsend, with: { di: x } }'),
      'di | unknown argument "di" of mail.unsend; did you mean "id"?',
    ],
    [
      'an undo that no tool has',
      send('with: { to: me }, compensation: { action: unsent, with: {} }'),
      'unsent | tool "mail" has no action "unsent"; did you mean "unsend"?',
    ],
    [
      'a short undo the adapter does not declare',
      send('with: { to: me }, compensation: unsendd'),
      'unsendd | mail.send declares no undo "unsendd"; did you mean "unsend"?',
    ],
    [
      'a short undo that is an action but undeclared',
      activity('compensation: find').replace(
        'tool: echo, action: say, c',
        'tool: notes, action: write, with: { text: t }, c',
      ),
      'find | notes.write declares no undo "find"; it declares erase; or give the arguments: {action, with}',
    ],
    [
      'an undo by another tool without arguments',
      send('with: { to: me }, compensation: { tool: echo, action: say }'),
      'say | "echo.say" is of another tool than mail.send: give its arguments in "with"',
    ],
    [
      'irreversible together with a compensation',
      send('with: { to: me }, irreversible: true, compensation: unsend'),
      'irreversible | "a.s" is irreversible and has a compensation; it can be only one of the two',
    ],
  ])('refuses %s', (_, source, expected) => {
    expect(refused(source)).toContain(expected);
  });

  it('accepts a hole wherever the type may still turn out right', () => {
    expect(refused(send('with: { to: "{{ input.n }}", tone: "${{ input.who }}", copies: "${{ input.n }}" }'))).toEqual(
      [],
    );
  });
});

describe('dependencies', () => {
  it.each([
    [
      'an unknown module',
      module('activities: []').replace('[a]', '[aa]'),
      'aa | unknown module "aa" in depends_on; did you mean "a"?',
    ],
    [
      'an unknown activity',
      activity('depends_on: [frist]'),
      'frist | unknown activity "frist" in depends_on; did you mean "first"?',
    ],
    [
      'a module where an activity belongs',
      activity('depends_on: [a]'),
      'a | "a" is a module; an activity depends on activities: write "a.<activity>", or put depends_on on the module',
    ],
    [
      'a later sibling in a sequential module',
      activity('depends_on: [b]'),
      'b | "a.b" is no earlier sibling of "a.b"; in a sequential module depends_on may add earlier siblings only',
    ],
    [
      'an activity of another module in a sequential one',
      module('activities: [{ name: c, tool: echo, action: say, depends_on: [a.b] }]'),
      'a.b | "a.b" is no earlier sibling of "m.c"; in a sequential module depends_on may add earlier siblings only',
    ],
    [
      'a module that depends on itself',
      'workflow: { name: x }\nmodules: [{ id: a, depends_on: [a], activities: [] }]\n',
      '[a | cycle in depends_on: a -> a',
    ],
    [
      'a cycle of activities across modules',
      `workflow: { name: x }
modules:
  - { id: a, type: parallel, activities: [{ name: one, tool: echo, action: say, depends_on: [b.two] }] }
  - { id: b, type: parallel, depends_on: [a], activities: [{ name: two, tool: echo, action: say }] }
`,
      '[b.two | cycle in depends_on: a.one -> b.two -> a.one',
    ],
    [
      'a duplicate activity',
      activity('').replace('name: first', 'name: b'),
      'b | duplicate activity of "a": "b" is already on line 5',
    ],
  ])('refuses %s', (_, source, expected) => {
    expect(refused(source)).toContain(expected);
  });
});

describe('expressions', () => {
  const value = (expression: string): string => activity(`with: { v: ${JSON.stringify(expression)} }`);

  it.each([
    ['syntax that is none', value('${{ 1 + }}'), '"${{ | expression found + at 1:3 is not expected here'],
    ['an empty hole', value('${{ }}'), '"${{ | expression is empty'],
    [
      'a wrapped hole inside longer text',
      value('a ${{ 1 }}'),
      '"a | ${{ }} must be the whole value; inside longer text write {{ }}',
    ],
    [
      'two wrapped holes',
      value('${{ 1 }}${{ 2 }}'),
      '"${{ | ${{ }} must be the whole value; inside longer text write {{ }}',
    ],
    ['Liquid that is none', value('{{ input.who'), '"{{ | expression output "{{ input.who" not closed'],
    ['a Liquid tag that reads files', value('{% include "x" %}'), '"{% | expression tag "include" not found'],
    ['an unknown filter', value('{{ input.who | upcas }}'), '"{{ | expression undefined filter: upcas'],
    ['an unknown function', value('${{ siz(input.who) }}'), '"${{ | unknown function "siz"; did you mean "size"?'],
    [
      'a protobuf message',
      value('${{ google.protobuf.Struct{} }}'),
      '"${{ | expression protobuf messages cannot be made here',
    ],
    ['an unknown name', value('${{ inputs.who }}'), '"${{ | unknown name "inputs"; did you mean "input"?'],
    [
      'an activity without its root',
      value('${{ first.x }}'),
      '"${{ | unknown name "first"; did you mean "outputs.first"?',
    ],
    [
      'an undeclared key in Liquid',
      value('{{ input.whoo }}'),
      '"{{ | unknown reference "input.whoo": there is no "whoo"; did you mean "who"?',
    ],
    [
      'an unknown field of the run',
      value('${{ run.ids }}'),
      '"${{ | unknown reference "run.ids": there is no "ids"; did you mean "id"?',
    ],
    ['an unknown module', value('${{ outputs.aa.first }}'), '"${{ | unknown reference "outputs.aa"; did you mean "a"?'],
    [
      'an unknown activity of a module',
      value('${{ outputs.a.frist }}'),
      '"${{ | unknown reference "outputs.a.frist": module "a" has no activity "frist"; did you mean "first"?',
    ],
    [
      'its own output',
      value('${{ outputs.a.b }}'),
      '"${{ | "a.b" is not an ancestor of "a.b", so its output may not be there yet; add it to depends_on',
    ],
    [
      'its own status',
      value('${{ status.a.b }}'),
      '"${{ | "a.b" is not an ancestor of "a.b", so its output may not be there yet; add it to depends_on',
    ],
    ['item outside for_each', value('${{ item }}'), '"${{ | "item" is known only in an activity with for_each'],
    [
      'result outside a compensation',
      value('{{ result.id }}'),
      '"{{ | "result" is known only in the arguments of a compensation',
    ],
    ['adding text and numbers', value('${{ input.who + 1 }}'), '"${{ | expression cannot add text and a number'],
    [
      'comparing text with numbers',
      value('${{ input.who < input.n }}'),
      '"${{ | expression cannot compare text with a number',
    ],
    ['denying a text', value('${{ !input.who }}'), '"${{ | expression ! needs true or false, not text'],
    ['reserved keys', activity('with: { $cel: x }'), 'x | "$cel" is a reserved key'],
    [
      'a condition that is text',
      activity('when: input.who'),
      'input.who | must be true or false, but the expression is text',
    ],
    [
      'a condition that is a number',
      activity('when: "${{ size(input.list) }}"'),
      '"${{ | must be true or false, but the expression is a number',
    ],
    [
      'a for_each that is no list',
      activity('for_each: input.who'),
      'input.who | must be a list, but the expression is text',
    ],
    [
      'item in the for_each itself',
      activity('for_each: "[item]"'),
      '"[item | "item" is known only in an activity with for_each',
    ],
  ])('refuses %s', (_, source, expected) => {
    expect(refused(source)).toContain(expected);
  });

  it('refuses a short name that several activities have, and one that is a module', () => {
    const source = `workflow: { name: x }
modules:
  - { id: a, type: parallel, activities: [{ name: same, tool: echo, action: say }, { name: c, tool: echo, action: say }] }
  - { id: b, depends_on: [a], type: parallel, activities: [{ name: same, tool: echo, action: say }] }
  - { id: c, depends_on: [b], activities: [{ name: d, tool: echo, action: say, with: { x: "\${{ outputs.same }}", y: "\${{ outputs.c.nothing }}" } }] }
`;

    expect(refused(source)).toEqual([
      '"${{ | "outputs.same" may be any of several activities; write outputs.a.same or outputs.b.same',
      '"${{ | unknown reference "outputs.c.nothing": module "c" has no activity "nothing"',
    ]);
  });

  it("refuses a field that an action's output does not have", () => {
    const source = `workflow: { name: x }
modules:
  - id: a
    activities:
      - { name: f, tool: notes, action: find }
      - { name: g, tool: echo, action: say, with: { t: "\${{ outputs.a.f.title }}", ok: "\${{ outputs.a.f.titles[0] }}" } }
`;

    expect(refused(source)).toEqual([
      '"${{ | unknown reference "outputs.a.f.title": there is no "title"; did you mean "titles"?',
    ]);
  });

  it('refuses a field that the schema given to a model does not have', () => {
    const source = (schema: string): string => `workflow: { name: x }
modules:
  - id: a
    activities:
      - { name: f, tool: model, action: answer, with: { schema: ${schema} } }
      - { name: g, tool: echo, action: say, with: { t: "\${{ outputs.a.f.titel }}" } }
`;

    expect(refused(source('{ properties: { title: { type: string } } }'))).toEqual([
      '"${{ | unknown reference "outputs.a.f.titel": there is no "titel"; did you mean "title"?',
    ]);
    expect(refused(source('"${{ input }}"'))).toEqual([]);
  });

  it('knows that the output of a for_each is a list', () => {
    const source = `workflow: { name: x }
modules:
  - id: a
    activities:
      - { name: f, tool: notes, action: find, for_each: "[1, 2]" }
      - { name: g, tool: echo, action: say, when: outputs.a.f, with: { t: "\${{ outputs.a.f[0].titels }}" } }
`;

    expect(refused(source)).toEqual([
      'outputs.a.f | must be true or false, but the expression is a list',
      '"${{ | unknown reference "outputs.a.f.0.titels": there is no "titels"; did you mean "titles"?',
    ]);
  });

  it("lets a module's when read what all its activities wait for, and require its own activities too", () => {
    expect(
      refused(
        module(
          'when: "outputs.a.b != null", require: "status.m.c == \'completed\' && outputs.b != null", activities: [{ name: c, tool: echo, action: say }]',
        ),
      ),
    ).toEqual([]);
    expect(refused(module('when: "outputs.m.c != null", activities: [{ name: c, tool: echo, action: say }]'))).toEqual([
      '"outputs.m.c | "m.c" is not an ancestor of "when" of module "m", so its output may not be there yet; add it to depends_on',
    ]);
  });

  it('lets a computed access through: it is looked up when it runs', () => {
    expect(refused(value('${{ outputs[input.who] }}'))).toEqual([]);
  });
});

describe('approvals and waits', () => {
  it.each([
    [
      'an approval as long as the run',
      approval('timeout: 24h', 'name: x, timeout: 24h'),
      "24h | the approval waits up to 1d, but the run ends after 1d; make the run's timeout longer",
    ],
    ['an approval without a timeout', approval(''), '{ | "timeout" is missing; it must be text'],
    [
      'an approver that is neither role nor user',
      approval('timeout: 1h').replace('role:x', 'bob'),
      '\'bob | approver "bob" must be role:<name> or user:<name>',
    ],
    [
      'an editable node that does not exist',
      approval('timeout: 1h, editable: [a.c]'),
      'a.c | unknown activity "a.c"; did you mean "a.b"?; editable names activities the approver has seen',
    ],
    [
      'an editable node that is not before',
      approval('timeout: 1h, editable: [m]'),
      'm | "m" is no activity before "m"; editable names activities the approver has seen',
    ],
    [
      'a form with a keyword that is not accepted',
      approval('timeout: 1h, form: { patternProperties: {} }'),
      'patternProperties | JSON Schema keyword "patternProperties" is not accepted',
    ],
    [
      'a title that reads what is not there',
      approval('timeout: 1h').replace('title: t', 'title: "{{ outputs.nobody }}"'),
      '"{{ | unknown reference "outputs.nobody"',
    ],
    [
      'a wait for two things',
      module('type: wait, wait: { for: 1h, message: m }'),
      '{ | a wait has exactly one of message, for and until',
    ],
    ['a wait for nothing', module('type: wait, wait: {}'), '{ | a wait has exactly one of message, for and until'],
    [
      'a timeout without a message',
      module('type: wait, wait: { for: 1h, timeout: 2h }'),
      'timeout | "timeout" goes with "message" only',
    ],
    [
      'a topic with spaces',
      module('type: wait, wait: { message: a b }'),
      'a | must be a topic: at most 128 letters, digits, dot, _ or -',
    ],
    [
      'a time that is none',
      module('type: wait, wait: { until: tomorrow }'),
      'tomorrow | "tomorrow" is no time such as 2026-03-01T09:00:00Z',
    ],
  ])('refuses %s', (_, source, expected) => {
    expect(refused(source)).toContain(expected);
  });
});

describe('the schema of the input', () => {
  const input = (schema: string): string =>
    `workflow: { name: x, input: ${schema} }\nmodules: [{ id: a, activities: [] }]\n`;

  it.each([
    [
      'an unknown keyword',
      input('{ propertis: {} }'),
      'propertis | JSON Schema keyword "propertis" is not accepted; did you mean "properties"?',
    ],
    [
      'a reference to elsewhere',
      input('{ $ref: "http://x.example/s" }'),
      '"http | $ref must point into this schema: "#/$defs/…"',
    ],
    ['a reference to nothing', input('{ $ref: "#/$defs/x" }'), "{ | can't resolve reference #/$defs/x from id #"],
    [
      'a pattern only backtracking engines have',
      input('{ properties: { a: { pattern: "(?=x)" } } }'),
      '"(?=x) | is not a regular expression that RE2 accepts: invalid or unsupported Perl syntax: `(?=`',
    ],
    [
      'an unknown format',
      input('{ properties: { a: { format: e-mail } } }'),
      'e-mail | format must be one of date-time, date, time, duration, email, hostname, ipv4, ipv6, uri, uuid; did you mean "email"?',
    ],
    [
      'a schema that refers to itself',
      input('{ $defs: { n: { items: { $ref: "#/$defs/n" } } }, $ref: "#/$defs/n" }'),
      '{ | a schema that refers to itself is not supported yet',
    ],
    [
      'a type that is none',
      input('{ properties: { a: { type: text } } }'),
      '{ | is not a JSON Schema: /properties/a/type must be equal to one of the allowed values, data/properties/a/type must be array, data/properties/a/type must match a schema in anyOf',
    ],
    [
      'an input that is no object',
      input('{ type: array }'),
      'array | the input of a workflow is an object, not "array"',
    ],
  ])('refuses %s', (_, source, expected) => {
    expect(refused(source)).toContain(expected);
  });

  it('refuses one whose references multiply beyond all bounds', () => {
    const defs = Array.from(
      { length: 40 },
      (_, n) => `d${n}: { allOf: [{ $ref: "#/$defs/d${n + 1}" }, { $ref: "#/$defs/d${n + 1}" }] }`,
    );

    expect(refused(input(`{ $ref: "#/$defs/d0", $defs: { ${defs.join(', ')}, d40: {} } }`))).toEqual([
      '{ | the schema has more than 2000 parts, references followed',
    ]);
  });
});
