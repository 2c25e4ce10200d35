// Coded workflows that behave badly or record much, for the live tests: loaded by the app from BREAKWATER_WORKFLOWS_DIR.
import { setTimeout } from 'node:timers/promises';

const write = (folder, name) => ({
  tool: 'github',
  action: 'create_or_update_file',
  with: { owner: 'acme', repo: 'website', path: `${folder}/${name}`, content: name },
  retry: 'none',
  compensation: 'delete_file',
});

const coded = (name, run) => ({ name, version: '1.0.0', title: name, run });

export const workflows = [
  coded('planted-swallower', async (saga, { folder }) => {
    await saga.run('before', write(folder, 'before'));
    for (let round = 0; ; round += 1) {
      try {
        await saga.run(round === 0 ? 'slow' : `slow ${round}`, write(folder, 'slow'));
        // oxlint-disable-next-line breakwater/no-bare-catch -- what a linter forbids must do no harm either
      } catch {
        continue;
      }
    }
  }),
  coded('planted-parallel', async (saga, { folder }) => {
    const missing = { owner: 'acme', repo: 'website', path: 'no/such/file.md' };
    await Promise.all([
      saga.run('slow', write(folder, 'slow')),
      saga.run('failing', { tool: 'github', action: 'get_file_content', with: missing }),
    ]);
    return null;
  }),
  coded('planted-diary', async (saga, { folder }) => {
    await saga.run('before', write(folder, 'before'));
    for (let day = 0; ; day += 1) await saga.note(`day ${day}`, () => 'x'.repeat(1_000_000));
  }),
  coded('planted-notes', async (saga, { kind }) => {
    const read = async ({ signal }) => {
      if (kind === 'large') return 'x'.repeat(1_048_576);
      if (kind === 'odd') return { nul: '\u0000', half: '\ud800' };
      return await setTimeout(60_000, 'too late', kind === 'hanging' ? { signal } : { ref: false });
    };
    return await saga.note('read', read, { timeout: '1s', ...(kind === 'hanging' && { heartbeat: '200ms' }) });
  }),
  coded('planted-chance', async (saga) => {
    const at = await saga.now();
    return { at: at.toISOString(), ids: [saga.uuid('a'), saga.uuid('a'), saga.uuid('b')], chance: saga.random('a') };
  }),
];
