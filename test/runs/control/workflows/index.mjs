// Coded workflows whose code has a bug for as long as the test says so, as between two deployments: by the flow's name where the
// test runs in this process, else by a file that is there.
import { existsSync } from 'node:fs';

const file = ({ folder }, name, over = {}) => ({
  tool: 'github',
  action: 'create_or_update_file',
  with: { owner: 'acme', repo: 'website', path: `${folder}/${name}`, content: name },
  retry: 'none',
  compensation: 'delete_file',
  ...over,
});

export const workflows = [
  {
    name: 'buggy',
    version: '1.0.0',
    title: 'Has a bug after its first act',
    async run(saga, input) {
      await saga.run('first', file(input, 'first'));
      if (globalThis.plantedBugs?.has(input.folder) || existsSync(input.bug ?? ''))
        throw new TypeError('a planted bug');
      await saga.run('second', file(input, 'second'));
      return 'done';
    },
  },
  {
    name: 'two-acts',
    version: '1.0.0',
    title: 'Two acts and a note between them',
    async run(saga, input) {
      await saga.run('first', file(input, 'first'));
      await saga.note('seen', () => 'seen');
      await saga.run('second', file(input, 'second'));
      return 'done';
    },
  },
];
