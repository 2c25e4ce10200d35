// What the pages for people and operators decide: forms from schemas, edits and their patches, differences, and words.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergePatch, type Json } from '../../src/kernel/index.ts';
import { approversIn, answerProblem, mayChange } from '../../web/src/model/approval.ts';
import { remedyOf, troubleOf } from '../../web/src/model/attention.ts';
import { detailsOf, subjectPath } from '../../web/src/model/audit.ts';
import { editFieldsOf, editKey, patchesOf } from '../../web/src/model/edits.ts';
import { gapsOf, textOf } from '../../web/src/model/plan.ts';
import { fieldsOf, filledWith, problemsByField, valueOf } from '../../web/src/model/schema-form.ts';
import { diffTexts } from '../../web/src/model/text-diff.ts';

const SCHEMA = {
  type: 'object',
  required: ['subject', 'copies'],
  properties: {
    body: { type: 'string', maxLength: 2_000 },
    channels: { type: 'array', items: { enum: ['mail', 'post'] } },
    copies: { type: 'integer', default: 1 },
    extra: { type: ['object', 'null'] },
    names: { type: 'array', items: { type: 'string' } },
    sender: { type: 'object', properties: { 'a/b': { type: 'string' }, desk: { type: 'number' } } },
    subject: { type: 'string', title: 'Subject' },
    tone: { type: 'string', enum: ['kind', 'firm'] },
    urgent: { type: 'boolean' },
  },
};
const FIELDS = fieldsOf(SCHEMA);

const input = fc.record(
  {
    subject: fc.string({ minLength: 1 }),
    copies: fc.integer(),
    body: fc.string({ minLength: 1 }),
    channels: fc.constantFrom(['mail'], ['mail', 'post']),
    extra: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.integer(), { minKeys: 1 }),
    names: fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1 }),
    tone: fc.constantFrom('kind', 'firm'),
    sender: fc.record({ 'a/b': fc.string({ minLength: 1 }), desk: fc.integer() }),
  },
  { requiredKeys: ['subject', 'copies'] },
);

describe('a form made of a schema', () => {
  it('asks for what is required first, in its order, and knows what each field is', () => {
    expect(FIELDS.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      'subject text',
      'copies number',
      'body long',
      'channels choices',
      'extra json',
      'names lines',
      'sender group',
      'tone choice',
      'urgent flag',
    ]);
    expect(FIELDS.find(({ name }) => name === 'sender')?.fields?.map(({ path }) => path)).toEqual([
      '/sender/a~1b',
      '/sender/desk',
    ]);
  });

  it('gives back every value that it is filled with', () => {
    fc.assert(
      fc.property(input, (value) => {
        const read = valueOf(FIELDS, filledWith(SCHEMA, value));

        expect(read.problems).toEqual([]);
        expect(read.value).toEqual({ ...value, urgent: false });
      }),
    );
  });

  it('begins with the defaults, leaves out what is empty, and names what is lacking or wrong', () => {
    const filled = { ...filledWith(SCHEMA), '/copies': 'two', '/extra': '{', '/sender/desk': '' };

    expect(filledWith(SCHEMA)['/copies']).toBe('1');
    expect(valueOf(FIELDS, filled)).toEqual({
      value: { urgent: false },
      problems: [
        { path: '/subject', message: 'is required' },
        { path: '/copies', message: 'is no number' },
        { path: '/extra', message: expect.stringMatching(/^is not JSON: /) },
      ],
    });
  });

  it('puts each problem at its field, and keeps what has none', () => {
    const problems = [
      { path: '/input/names/0', message: 'must have an @' },
      { path: '/sender/desk', message: 'is taken' },
      { path: '/other', message: 'is not known' },
    ];
    const { of, rest } = problemsByField(FIELDS, problems);

    expect([of('/names'), of('/sender/desk'), of('/subject')]).toEqual(['must have an @', 'is taken', '']);
    expect(rest).toEqual([{ path: '/other', message: 'is not known' }]);
  });

  it('has no fields where there are no properties', () => {
    for (const schema of [null, {}, true, { type: 'string' }] as Json[]) expect(fieldsOf(schema)).toEqual([]);
  });
});

describe('a difference of texts', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', ' ', '\n', 'word'), { maxLength: 40 })
    .map((parts) => parts.join(''));

  it('is made of both texts, whatever they are', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const parts = diffTexts(before, after);
        const without = (kind: string) => parts.flatMap((part) => (part.kind === kind ? [] : [part.text])).join('');

        expect([without('added'), without('removed')]).toEqual([before, after]);
      }),
    );
  });

  it('marks the words that changed alone, and long texts as a whole between what is the same', () => {
    expect(diffTexts('Dear all, hello', 'Dear Ann, hello')).toEqual([
      { kind: 'same', text: 'Dear ' },
      { kind: 'removed', text: 'all,' },
      { kind: 'added', text: 'Ann,' },
      { kind: 'same', text: ' hello' },
    ]);
    const words = (word: string): string => `x ${`${word} `.repeat(600)}y`;
    expect(diffTexts(words('a'), words('b')).map(({ kind }) => kind)).toEqual(['same', 'removed', 'added', 'same']);
  });
});

describe('edits of content', () => {
  const contents = [
    { node: 'write.draft', output: { text: 'hello', tags: ['a'], size: 3 } },
    { node: 'count', output: 4 },
  ];
  const keyOf = (at: number, label: string): string => {
    const content = contents[at]!;
    return editKey(
      content.node,
      editFieldsOf(content).find((field) => field.label === label)!,
    );
  };

  it('amount to a merge patch of what differs, and to nothing when nothing does', () => {
    const edited = { [keyOf(0, 'text')]: 'hello all', [keyOf(0, 'tags')]: '["a", "b"]', [keyOf(1, 'count')]: '5' };
    const { edits, problems } = patchesOf(contents, edited);

    expect(problems).toEqual({});
    expect(edits).toEqual({ 'write.draft': { text: 'hello all', tags: ['a', 'b'] }, count: 5 });
    expect(mergePatch(contents[0]!.output, edits['write.draft']!)).toEqual({
      text: 'hello all',
      tags: ['a', 'b'],
      size: 3,
    });
    expect(patchesOf(contents, { [keyOf(0, 'text')]: 'hello' })).toEqual({ edits: {}, problems: {} });
  });

  it('say where an edit is no JSON', () => {
    const key = keyOf(0, 'size');

    expect(patchesOf(contents, { [key]: 'three' })).toEqual({
      edits: {},
      problems: { [key]: expect.stringMatching(/^is not JSON/) },
    });
  });
});

describe('a question', () => {
  it('wants a reason of whoever does not approve, and changes as often as it says', () => {
    expect([answerProblem('approve', ''), answerProblem('reject', 'no room')]).toEqual([undefined, undefined]);
    expect(answerProblem('request_changes', ' ')).toMatch(/^Say why/);
    expect(mayChange({ changes: null })).toBe(false);
    expect(mayChange({ changes: { to: 'write', max: 2, made: 2 } })).toBe(false);
    expect(mayChange({ changes: { to: null, max: null, made: 9 } })).toBe(true);
    expect(approversIn('role:a, user:b\n user:c')).toEqual(['role:a', 'user:b', 'user:c']);
  });
});

describe('what waits for an operator', () => {
  type Waiting = Parameters<typeof troubleOf>[0];
  const run = (over: Partial<Waiting>): Waiting => ({ status: 'held', ...over }) as Waiting;
  const error = { code: 'REFUSED', message: 'no', node: 'send.mail' };
  const failed = {
    total: 1,
    compensated: 0,
    failed: 1,
    failures: [{ node: 'put', error: { code: 'GLUED', message: 'it sticks' } }],
  };

  it('says what went wrong, where, and what to do about it', () => {
    expect(troubleOf(run({ error }))).toEqual({ where: 'send.mail', what: 'REFUSED: no' });
    expect(troubleOf(run({ status: 'compensation_failed', error, compensation: failed }))).toEqual({
      where: 'put',
      what: 'GLUED: it sticks',
    });
    const standing = { total: 1, compensated: 0, failed: 0, failures: [], standing: ['mail.send'] };
    expect(troubleOf(run({ status: 'compensation_failed', compensation: standing })).where).toBe('mail.send');
    expect(remedyOf(run({ status: 'stuck', error: { ...error, remedy: 'Publish it again.' } }))).toBe(
      'Publish it again.',
    );
    expect(remedyOf(run({ status: 'stuck' }))).toMatch(/release/);
    expect(remedyOf(run({}))).toMatch(/^Decide what becomes/);
    expect(remedyOf(run({ status: 'compensation_failed', compensation: failed }))).toMatch(/try it again/);
  });
});

describe('a plan', () => {
  it('tells what it lacks, who is not told, and what only the run will know', () => {
    const plan = {
      waves: [],
      compensation: [],
      criticalPath: { nodes: [], longest: '1s' },
      missingCredentials: ['github'],
      missingSecrets: [{ name: 'key', node: 'a.b', why: 'is not there' }],
      breakers: [
        { service: 'notion', state: 'open' },
        { service: 'slm', state: 'closed' },
      ],
      channels: [
        { tool: 'slack', state: 'missing' as const },
        { tool: 'sendgrid', state: 'sandboxed' as const },
      ],
      sandboxed: true,
    };

    expect(gapsOf(plan)).toHaveLength(6);
    expect(gapsOf({ ...plan, channels: [{ tool: 'slack', state: 'configured' }] }).join(' ')).not.toContain('slack');
    expect([textOf('x'), textOf({ $unresolved: 'outputs.a' }), textOf(['x'])]).toEqual(['x', '‹outputs.a›', '["x"]']);
  });
});

describe('a line of the audit', () => {
  it('leads to what it was done to, and tells what its reason does not', () => {
    expect(subjectPath('run.cancel', 'run_1')).toBe('/runs/run_1');
    expect(subjectPath('approval.approve', 'apr_1')).toBe('/approvals/apr_1');
    expect(subjectPath('definition.publish', 'a b')).toBe('/definitions/a%20b');
    expect(subjectPath('breaker.open', 'notion')).toBeUndefined();
    expect(detailsOf({ by: 'ann', at: 'now', reason: 'because' })).toBeUndefined();
    expect(detailsOf({ reason: null, compensate: true })).toBe('{\n  "compensate": true\n}');
  });
});
