// What authors declare: classes, activities, messages and calls, and what is said of those that are wrong.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { RETRY_POLICIES } from '../../../src/definitions/index.ts';
import { action } from '../../../src/runs/activity.ts';
import { calleeOf } from '../../../src/runs/coded-child.ts';
import { codedPlaces } from '../../../src/runs/coded-places.ts';
import { createCodedWorkflows } from '../../../src/runs/coded-workflow.ts';
import type { CodedWorkflow } from '../../../src/runs/coded-workflow.ts';
import { growingPlan } from '../../../src/runs/growing-plan.ts';
import { checkMessage } from '../../../src/runs/message-check.ts';
import type { Saga, SagaAct } from '../../../src/runs/saga.ts';
import { workflow, workflowOfClass } from '../../../src/runs/workflow-class.ts';
import { message } from '../../../src/runs/workflow-message.ts';
import { defineAction } from '../../../src/tools/index.ts';
import type { Tool } from '../../../src/tools/index.ts';

const coded = (over: Partial<CodedWorkflow> = {}): CodedWorkflow => ({
  name: 'pay',
  version: '1.0.0',
  title: 'Pay',
  run: async () => null,
  ...over,
});

describe('a run of another workflow', () => {
  const input = z.strictObject({ country: z.string() });
  const Country = workflow({ name: 'country', version: '2.1.0', input })(
    class {
      async run(_: unknown, { country }: z.infer<typeof input>) {
        return { page: country };
      }
    },
  );

  it('is of the version of its class, or of the one that is asked for by name', () => {
    expect(calleeOf(Country, {})).toEqual({ workflow: 'country', version: '2.1.0' });
    expect(calleeOf('country', {})).toEqual({ workflow: 'country' });
    expect(calleeOf('country', { version: '1.0.0' })).toEqual({ workflow: 'country', version: '1.0.0' });
  });

  it('refuses a class that is no workflow', () => {
    expect(() =>
      calleeOf(
        class Plain {
          async run() {}
        },
        {},
      ),
    ).toThrow('the class Plain is no workflow');
  });

  it('knows the input and the output of its class', () => {
    const ask = async (saga: Saga): Promise<string> => {
      // @ts-expect-error -- a country is a text
      void saga.child(Country, { country: 7 });
      // @ts-expect-error -- there is no such input
      void saga.child(Country, { city: 'Lyon' });
      const { page } = await saga.child(Country, { country: 'fr' });
      const perhaps = await saga.child(Country, { country: 'fr' }, { optional: true });
      // @ts-expect-error -- one that is optional may answer null
      return page + perhaps.page;
    };

    expect(ask).toBeTypeOf('function');
  });
});

describe('@workflow', () => {
  const input = z.object({ lines: z.array(z.object({ 'a/b': z.int() })).default([]) });
  const Pay = workflow({ name: 'pay', version: '1.0.0', input })(
    class {
      seen = 0;
      async run(_: unknown, { lines }: z.infer<typeof input>) {
        this.seen += 1;
        return { lines: lines.length, seen: this.seen };
      }
    },
  );

  it('makes a class a workflow, whose input it checks at each JSON pointer', () => {
    const made = workflowOfClass(Pay);

    expect(made).toMatchObject({ name: 'pay', version: '1.0.0', title: 'pay' });
    expect(made?.checkInput?.({})).toEqual([]);
    expect(made?.checkInput?.({ lines: [{ 'a/b': 'x' }] })).toEqual([
      { path: '/lines/0/a~1b', message: expect.stringContaining('expected number') },
    ]);
  });

  it('gives each execution an object of its own, and what the schema makes of the input', async () => {
    const made = workflowOfClass(Pay)!;
    const saga = {} as Parameters<typeof made.run>[0];

    expect(await made.run(saga, {})).toEqual({ lines: 0, seen: 1 });
    expect(await made.run(saga, {})).toEqual({ lines: 0, seen: 1 });
  });

  it('is not handed down to classes that extend it', () => {
    expect(workflowOfClass(class extends Pay {})).toBeUndefined();
    expect(workflowOfClass({ name: 'pay' })).toBeUndefined();
  });
});

describe('createCodedWorkflows', () => {
  it('keeps versions of one name side by side', () => {
    const [old, now] = [coded(), coded({ version: '1.1.0' })];
    const workflows = createCodedWorkflows([old, now]);

    expect(workflows.get({ name: 'pay', version: '1.0.0' })).toBe(old);
    expect(workflows.get({ name: 'pay', version: '1.1.0' })).toBe(now);
  });

  it('sets a run aside whose version has no code here, and says which there are', () => {
    const workflows = createCodedWorkflows([coded({ version: '1.10.0' }), coded({ version: '1.9.0' })]);

    const wanted = () => workflows.get({ name: 'pay', version: '1.0.0' });

    expect(wanted).toThrow('This process has no code for "pay" 1.0.0; it has 1.9.0, 1.10.0');
    expect(wanted).toThrow(expect.objectContaining({ code: 'UNKNOWN_WORKFLOW' }));
    expect(() => workflows.checkInput({ name: 'pya', version: '1.0.0' }, {})).toThrow('did you mean "pay"');
  });

  it.each([
    {
      what: 'the same name and version twice',
      workflows: [coded(), coded()],
      said: 'Two coded workflows are "pay" 1.0.0.',
    },
    {
      what: 'a version that is none',
      workflows: [coded({ version: 'one' })],
      said: 'The version "one" of the workflow "pay"',
    },
  ])('refuses $what', ({ workflows, said }) => {
    expect(() => createCodedWorkflows(workflows)).toThrow(said);
  });
});

describe('action', () => {
  const charge = defineAction({
    description: 'Charges.',
    input: z.strictObject({ amount: z.int() }),
    output: z.object({ id: z.string() }),
    effect: true,
    keyedBy: 'vendor',
    run: async () => ({ id: 'one' }),
    undo: { refund: () => ({}) },
  });
  const payments = { name: 'payments', actions: { charge } } satisfies Tool;

  it('refers to an action by its names', () => {
    expect(action(payments, 'charge')).toEqual({ tool: 'payments', action: 'charge' });
    expect(action('memory', 'remember')).toEqual({ tool: 'memory', action: 'remember' });
  });

  it('refuses an action that the tool does not have', () => {
    // @ts-expect-error the compiler knows the tool's actions
    expect(() => action(payments, 'chrage')).toThrow('tool "payments" has no action "chrage"; did you mean "charge"?');
    // @ts-expect-error and those of the tools that are built in
    expect(action('memory', 'remembr')).toEqual({ tool: 'memory', action: 'remembr' });
  });
});

describe('a call', () => {
  const act: SagaAct = { tool: 'memory', action: 'remember', with: {} };
  const plan = () => growingPlan(coded(), codedPlaces([]));
  const ask = { name: 'review', title: 'Well?', approvers: ['role:editor'], timeout: '1h' };

  it.each([
    { what: 'a name that is empty', call: () => plan().act('', act), said: 'is no name of a call' },
    {
      what: 'a name that an undo could have',
      call: () => plan().act('undo a', act),
      said: 'must not begin with "undo "',
    },
    { what: 'a name that a wait could have', call: () => plan().act('a open', act), said: 'end in " open"' },
    {
      what: 'a duration that is none',
      call: () => plan().act('a', { ...act, timeout: 'soon' }),
      said: '"soon" is no duration',
    },
    {
      what: 'an unknown policy',
      call: () => plan().act('a', { ...act, retry: 'nome' as 'none' }),
      said: 'did you mean "none"',
    },
    {
      what: 'too many attempts',
      call: () => plan().act('a', { ...act, retry: { maxAttempts: 21 } }),
      said: 'an act has 1 to 20',
    },
    {
      what: 'an undo of what has none',
      call: () => plan().act('a', { ...act, compensation: 'forget', irreversible: true }),
      said: 'is irreversible and has a compensation',
    },
    {
      what: 'nobody to ask',
      call: () => plan().approval({ ...ask, approvers: [] }),
      said: 'must name at least one approver',
    },
    {
      what: 'an approver who is nobody',
      call: () => plan().approval({ ...ask, approvers: ['me'] }),
      said: 'approver "me" must be',
    },
    {
      what: 'edits of what no act answered',
      call: () => {
        const own = plan();
        own.act('draft', act);
        return own.approval({ ...ask, editable: { drafft: {} } });
      },
      said: 'lets "drafft" be edited, which no act is named; did you mean "draft"?',
    },
  ])('with $what is refused', ({ call, said }) => {
    expect(call).toThrow(said);
  });

  it('with the name of another is refused', () => {
    const own = plan();
    own.act('a', act);

    expect(() => own.wait('a', { kind: 'for', durationMs: 1 })).toThrow('two calls of pay are named "a"');
  });

  it('takes the defaults of YAML, and of a policy what it does not say', () => {
    const own = plan();

    expect(own.act('a', { ...act, compensation: 'forget' })).toMatchObject({
      timeoutMs: 30_000,
      retry: RETRY_POLICIES.idempotent_api_call,
      compensation: { tool: 'memory', action: 'forget', timeoutMs: 30_000 },
    });
    expect(own.act('b', { ...act, retry: { maxAttempts: 2 } }).retry).toEqual({
      ...RETRY_POLICIES.idempotent_api_call,
      maxAttempts: 2,
    });
    expect(own.acts().map(({ id }) => id)).toEqual(['a', 'b']);
  });
});

describe('a message', () => {
  const signed = message('signed', z.strictObject({ by: z.string() }));
  const check = (topic: string, body: string | { by: number | string }) =>
    checkMessage(
      'run_1',
      { plan: null, workflow: coded({ messages: [signed, message('any')] }) },
      { topic, message: body },
    );

  it('is taken when it is declared and fits', () => {
    expect(() => check('signed', { by: 'me' })).not.toThrow();
    expect(() => check('any', 'thing')).not.toThrow();
  });

  it('is refused with every place where it does not fit', () => {
    expect(() => check('signed', { by: 7 })).toThrow(
      expect.objectContaining({ code: 'INVALID', problems: [expect.objectContaining({ path: '/by' })] }),
    );
  });

  it('is refused where nobody waits for it', () => {
    expect(() => check('singed', { by: 'me' })).toThrow('it waits for signed, any; did you mean "signed"?');
    expect(() => checkMessage('run_1', { plan: null, workflow: undefined }, { topic: 'a', message: null })).toThrow(
      'waits for none',
    );
  });

  it('has a topic that can stand in an address', () => {
    expect(() => message('a b')).toThrow('"a b" is no topic');
  });
});
