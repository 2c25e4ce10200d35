// Coded workflows that run others, and one whose act waits for its service, for the live tests.
import { action, message, workflow, z } from '../../../../../src/index.ts';
import type { Saga } from '../../../../../src/index.ts';

const writeFile = action('github', 'create_or_update_file');
const file = (folder: string, name: string) => ({
  owner: 'acme',
  repo: 'website',
  path: `${folder}/${name}`,
  content: name,
});

const parentInput = z.strictObject({
  folder: z.string(),
  workflow: z.string(),
  version: z.string().optional(),
  input: z.json().default({}),
  timeout: z.string().optional(),
  optional: z.boolean().default(false),
});

/** What the children that the tests publish answer. */
const greeting = z.object({ greeting: z.string() });

export const Parent = workflow({ name: 'planted-parent', version: '1.0.0', input: parentInput })(
  class {
    async run(saga: Saga, { folder, workflow: name, optional, ...asked }: z.infer<typeof parentInput>) {
      await saga.run(writeFile, file(folder, 'before'), { name: 'before', compensation: 'delete_file' });
      const { input, version, timeout } = asked;
      const options = { name: 'child', version, timeout, output: greeting };
      if (optional) return { child: await saga.child(name, input, { ...options, optional: true }) };
      const { greeting: said } = await saga.child(name, input, options);
      return { said };
    }
  },
);

const folderInput = z.strictObject({ folder: z.string(), workflow: z.string() });

export const Unawaited = workflow({ name: 'planted-unawaited', version: '1.0.0', input: folderInput })(
  class {
    async run(saga: Saga, { workflow: name }: z.infer<typeof folderInput>) {
      void saga.child(name, {});
      return await saga.note('only this is awaited', () => 'done');
    }
  },
);

const go = message('go', z.json());
const parkedInput = z.strictObject({ folder: z.string(), fails: z.boolean().default(false) });

export const Parked = workflow({ name: 'planted-parked', version: '1.0.0', input: parkedInput, messages: [go] })(
  class {
    async run(saga: Saga, { folder, fails }: z.infer<typeof parkedInput>) {
      const breaker = { service: folder, park: true };
      await saga.run(writeFile, file(folder, 'kept'), { name: 'keep', compensation: 'delete_file', breaker });
      await saga.wait({ message: go });
      if (fails) await saga.run('fail', { tool: 'github', action: 'create_branch', with: {}, retry: 'none' });
    }
  },
);
