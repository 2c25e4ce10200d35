// A note that is kept in memory and published as a file: the smallest coded saga. If publishing fails, the note is forgotten again.
import { action, workflow, z } from '../src/index.ts';
import type { Saga } from '../src/index.ts';

const remember = action('memory', 'remember');
const writeFile = action('github', 'create_or_update_file');

const note = z.strictObject({
  title: z.string().min(1).max(200),
  text: z.string().min(1),
  owner: z.string().min(1),
  repo: z.string().min(1),
});

@workflow({ name: 'publish-note', version: '1.0.0', title: 'Publish a note', input: note })
export class PublishNote {
  async run(saga: Saga, { title, text, owner, repo }: z.infer<typeof note>) {
    await saga.run(
      remember,
      { namespace: 'notes', key: title, content: text },
      { name: 'keep', compensation: 'forget' },
    );
    const file = await saga.run(
      writeFile,
      { owner, repo, path: `notes/${title}.md`, content: `# ${title}\n\n${text}\n`, message: `Publish ${title}` },
      { name: 'publish', compensation: 'delete_file' },
    );
    return { file };
  }
}
