// What a careless author may add: a tool that puts what it is given into answers and errors, and code that works with secrets.
import { FailureError, action, defineAction, failure, secret, workflow, z } from 'breakwater';

const input = z.strictObject({ token: z.string() });
const output = z.unknown();
const act = (description, run) => defineAction({ description, input, output, effect: true, keyedBy: 'none', run });

const careless = {
  name: 'careless',
  vendor: { credentials: { names: ['CARELESS_TOKEN'], headers: (env) => ({ authorization: env.CARELESS_TOKEN }) } },
  actions: {
    echo: act('Answers what it was told.', async ({ http }, { token }) =>
      http.request('POST', ['echo'], { json: { token }, expect: z.unknown() }),
    ),
    refuse: act('Is refused with what it said.', async ({ http }, { token }) =>
      http.request('POST', ['refuse'], { json: { token }, expect: z.unknown() }),
    ),
    fail: act('Tells why in its own words.', async (_call, { token }) => {
      throw new FailureError(failure('CARELESS', `${'x'.repeat(990)}${token}`, { unknown: true }));
    }),
    picky: defineAction({
      description: 'Takes nothing, and says what.',
      input: z.strictObject({
        token: z.string().refine(() => false, { error: (issue) => `${String(issue.input)} is no token` }),
      }),
      output,
      effect: true,
      keyedBy: 'none',
      run: async () => null,
    }),
    break: act('Has a defect.', async (_call, { token }) => {
      throw new TypeError(`cannot read ${token}`, { cause: new Error(`of ${token}`) });
    }),
  },
};

const coded = workflow({ name: 'coded-canaries', version: '1.0.0', input: z.object({ names: z.array(z.string()) }) })(
  class {
    async run(saga, { names }) {
      const compensation = (name) => ({ activity: action(careless, 'echo'), with: { token: secret(name) } });
      for (const name of names) {
        const options = { name: `echo ${name}`, compensation: compensation(name), retry: 'none' };
        await saga.run(action(careless, 'echo'), { token: secret(name) }, options);
      }
      await saga.note('what is around', () => ({ environment: { ...process.env } }));
      const failing = saga.note('what is around, as an error', () => {
        throw new FailureError(failure('AROUND', JSON.stringify(process.env)));
      });
      await failing.catch((error) => {
        if (!(error instanceof FailureError)) throw error;
      });
      await saga.run(action(careless, 'refuse'), { token: secret(names[0]) }, { retry: 'none' });
    }
  },
);

const thrown = workflow({ name: 'thrown-in-clear', version: '1.0.0', input: z.object({ note: z.string() }) })(
  class {
    async run(_saga, { note }) {
      throw new TypeError(`cannot read ${note}`);
    }
  },
);

export const tools = [careless];
export const workflows = [coded, thrown];
