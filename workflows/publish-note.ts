// A note that is kept in memory and published as a file: the smallest coded saga. If publishing fails, the note is forgotten again.
import { z } from 'zod';
import type { CodedWorkflow } from '../src/index.ts';

const input = z.strictObject({
  title: z.string().min(1).max(200),
  text: z.string().min(1),
  owner: z.string().min(1),
  repo: z.string().min(1),
});

export const publishNote: CodedWorkflow = {
  name: 'publish-note',
  version: '1.0.0',
  title: 'Publish a note',
  checkInput(value) {
    const { error } = input.safeParse(value);
    return (error?.issues ?? []).map(({ path, message }) => ({ path: `/${path.join('/')}`, message }));
  },
  async run(saga, value) {
    const { title, text, owner, repo } = input.parse(value);
    await saga.run('keep', {
      tool: 'memory',
      action: 'remember',
      with: { namespace: 'notes', key: title, content: text },
      compensation: 'forget',
    });
    const file = await saga.run('publish', {
      tool: 'github',
      action: 'create_or_update_file',
      with: { owner, repo, path: `notes/${title}.md`, content: `# ${title}\n\n${text}\n`, message: `Publish ${title}` },
      compensation: 'delete_file',
    });
    return { file };
  },
};
