// Coded workflows that use all that a saga offers, for the live tests. Called as functions: nothing here compiles decorators.
import { z, CallFailedError, FailureError, action, message, waves, workflow } from '../../../../../src/index.ts';
import type { CallOptions, Saga } from '../../../../../src/index.ts';

const writeFile = action('github', 'create_or_update_file');
const readFile = action('github', 'get_file_content');
const remember = action('memory', 'remember');

const folderInput = z.strictObject({ folder: z.string() });

async function write(saga: Saga, folder: string, name: string, over: CallOptions<'delete_file'> = {}) {
  const file = { owner: 'acme', repo: 'website', path: `${folder}/${name}`, content: name };
  return await saga.run(writeFile, file, { name, retry: 'none', compensation: 'delete_file', ...over });
}

export const Asking = workflow({
  name: 'planted-asking',
  version: '1.0.0',
  input: z.strictObject({
    folder: z.string(),
    timeout: z.string().default('1h'),
    optional: z.boolean().default(false),
  }),
})(
  class {
    async run(saga: Saga, { folder, timeout, optional }: { folder: string; timeout: string; optional: boolean }) {
      const draft = await saga.run(
        remember,
        { namespace: folder, key: 'draft', content: { text: 'first' } },
        { name: 'draft', compensation: 'forget' },
      );
      const review = await saga.approval({
        name: 'review',
        title: 'Publish {{ this }}?',
        approvers: ['role:approver'],
        allowRequester: true,
        timeout,
        optional,
        editable: { draft },
        form: { type: 'object', required: ['grade'], properties: { grade: { type: 'integer' } } },
      });
      await write(saga, folder, 'published');
      return { decision: review.decision, by: review.by, key: review.edited.draft.key, form: review.form };
    }
  },
);

export const Telling = workflow({
  name: 'planted-telling',
  version: '1.0.0',
  input: z.strictObject({ folder: z.string() }),
})(
  class {
    async run(saga: Saga, { folder }: { folder: string }) {
      const { decision } = await saga.approval({
        name: 'review',
        title: `Told of ${folder}`,
        approvers: ['user:ann'],
        timeout: '1h',
        notify: [
          { tool: 'slack', to: '#marketing-reviews' },
          { tool: 'sendgrid', to: 'ann@example.com', as: 'user:ann' },
        ],
        remindAt: ['200ms'],
        escalate: [{ after: '400ms', to: ['role:director'] }],
      });
      return { decision };
    }
  },
);

const signed = message('signed', z.strictObject({ by: z.string() }));

export const Waiting = workflow({
  name: 'planted-waiting',
  version: '1.0.0',
  input: z.strictObject({ folder: z.string(), timeout: z.string().optional() }),
  messages: [signed],
})(
  class {
    async run(saga: Saga, { folder, timeout }: { folder: string; timeout?: string | undefined }) {
      await write(saga, folder, 'before');
      const from = await saga.now();
      const slept = await saga.sleep('a moment', '200ms');
      const past = await saga.until('the past', new Date(0));
      const { by } = await saga.wait({ message: signed, timeout });
      return { by, slept: slept.getTime() - from.getTime(), past: past.getTime() };
    }
  },
);

interface Answers {
  readonly slow: string;
  readonly quick: string;
  readonly after: string;
  readonly both: readonly string[];
}

export const Waves = workflow({ name: 'planted-waves', version: '1.0.0', input: folderInput })(
  class {
    async run(saga: Saga, { folder }: { folder: string }) {
      return await waves<Answers>({
        slow: { run: async () => (await write(saga, folder, 'slow')).path },
        quick: { run: async () => (await write(saga, folder, 'quick')).path },
        after: { dependsOn: ['quick'], run: async () => (await write(saga, folder, 'after')).path },
        both: { dependsOn: ['slow', 'after'], run: async ({ slow, after, quick }) => [slow, quick, after] },
      });
    }
  },
);

export const Optional = workflow({ name: 'planted-optional', version: '1.0.0', input: folderInput })(
  class {
    async run(saga: Saga, { folder }: { folder: string }) {
      const missing = { owner: 'acme', repo: 'website', path: 'no/such/file.md' };
      const nothing = await saga.run(readFile, missing, { name: 'optional', optional: true });
      try {
        await saga.run(readFile, missing, { name: 'caught' });
      } catch (error) {
        if (!(error instanceof FailureError)) throw error;
        const call = error instanceof CallFailedError ? error.call : null;
        return { nothing, call, code: error.failure.code, folder };
      }
      return null;
    }
  },
);

export const Pivot = workflow({ name: 'planted-pivot', version: '1.0.0', input: folderInput })(
  class {
    async run(saga: Saga, { folder }: { folder: string }) {
      await write(saga, folder, 'before', {
        compensation: {
          activity: action('github', 'delete_file'),
          with: { owner: 'acme', repo: 'website', path: `${folder}/before` },
        },
      });
      await write(saga, folder, 'pivot', { compensation: undefined, irreversible: true });
      await write(saga, folder, 'refused');
      return null;
    }
  },
);

export const BadOutput = workflow({
  name: 'planted-bad-output',
  version: '1.0.0',
  input: folderInput,
  output: z.strictObject({ folder: z.string().max(3) }),
})(
  class {
    async run(saga: Saga, { folder }: { folder: string }) {
      await write(saga, folder, 'before');
      return { folder };
    }
  },
);
