// Coded workflows with planted faults, for the recovery tests: loaded by the app from BREAKWATER_WORKFLOWS_DIR.
export const workflows = [
  {
    name: 'planted-type-error',
    version: '1.0.0',
    title: 'Has a bug after its first act',
    async run(saga) {
      const note = await saga.run('keep', {
        tool: 'memory',
        action: 'remember',
        with: { namespace: 'planted', key: 'note', content: 'kept' },
        compensation: 'forget',
      });
      return note.missing.deeper;
    },
  },
  {
    name: 'planted-failure',
    version: '1.0.0',
    title: 'Fails at its second act',
    async run(saga) {
      await saga.run('keep', {
        tool: 'memory',
        action: 'remember',
        with: { namespace: 'planted', key: 'undone', content: 'kept' },
        compensation: 'forget',
      });
      await saga.run('read', {
        tool: 'github',
        action: 'get_file_content',
        with: { owner: 'acme', repo: 'website', path: 'no/such/file.md' },
      });
      return null;
    },
  },
  {
    name: 'planted-endless-loop',
    version: '1.0.0',
    title: 'Blocks its process where that is asked for',
    async run(saga) {
      await saga.run('keep', {
        tool: 'memory',
        action: 'remember',
        with: { namespace: 'planted', key: 'looped', content: 'kept' },
        compensation: 'forget',
      });
      // oxlint-disable-next-line breakwater/no-nondeterminism -- the fault that is planted here, in one process only
      while (process.env.PLANTED_LOOP === 'on');
      return null;
    },
  },
  {
    name: 'planted-chains',
    version: '1.0.0',
    title: 'Two chains side by side, and an act behind both',
    async run(saga) {
      const write = async (name) =>
        await saga.run(name, {
          tool: 'github',
          action: 'create_or_update_file',
          with: { owner: 'acme', repo: 'website', path: `chains/${name}`, content: name },
          compensation: 'delete_file',
        });
      const chain = async (name) => {
        const from = await saga.now(`${name} began`);
        await write(`${name} 1`);
        await write(`${name} 2`);
        return from.getTime();
      };
      const times = await Promise.all(['a', 'b'].map(chain));
      await write('last');
      return times;
    },
  },
  {
    name: 'planted-keeper',
    version: '1.0.0',
    title: 'Keeps a note for the run that begins it',
    async run(saga) {
      const act = { tool: 'memory', action: 'remember', with: { namespace: 'planted', key: 'child', content: 'kept' } };
      await saga.run('keep', { ...act, compensation: 'forget' });
      return null;
    },
  },
  {
    name: 'planted-sleeper',
    version: '1.0.0',
    title: 'Waits',
    async run(saga) {
      await saga.sleep('a while', '5m');
      return null;
    },
  },
  {
    name: 'planted-family',
    version: '1.0.0',
    title: 'Runs one workflow that ends and one that waits',
    async run(saga) {
      await saga.child('planted-keeper', {}, { name: 'done' });
      await saga.child('planted-sleeper', {}, { name: 'waits' });
      return null;
    },
  },
  {
    name: 'planted-change',
    version: '1.0.0',
    title: 'Calls what it is told to, which differs between processes',
    async run(saga) {
      // oxlint-disable-next-line breakwater/no-nondeterminism -- the fault that is planted here
      const key = process.env.PLANTED_CALL;
      const act = { tool: 'memory', action: 'remember', with: { namespace: 'planted', key, content: key } };
      await saga.run(key, { ...act, compensation: 'forget' });
      await saga.sleep('a while', '5m');
      return null;
    },
  },
];
