// Coded workflows of the rig: a saga, and two that take their process with them.
import type { CodedWorkflow, SagaAct } from 'breakwater';

const act = (node: string): SagaAct => ({
  tool: 'ledger',
  action: 'apply_probed',
  with: { node, ms: 20 },
  timeout: '3s',
  compensation: 'undo',
});

const codedSaga: CodedWorkflow = {
  name: 'coded-saga',
  version: '1.0.0',
  title: 'Three acts in a row, the last of them refused if the input says so',
  async run(saga, input) {
    await saga.run('first', act('first'));
    await saga.run('second', act('second'));
    if (isRefused(input)) await saga.run('refused', { tool: 'ledger', action: 'refuse', with: { node: 'refused' } });
    await saga.run('third', act('third'));
    return null;
  },
};

function isRefused(input: unknown): boolean {
  return typeof input === 'object' && input !== null && 'refused' in input && input.refused === true;
}

const poisonKill: CodedWorkflow = {
  name: 'poison-kill',
  version: '1.0.0',
  title: 'Kills its process after its first act, at every attempt',
  async run(saga) {
    await saga.run('first', act('first'));
    process.kill(process.pid, 'SIGKILL');
    return null;
  },
};

const poisonBlock: CodedWorkflow = {
  name: 'poison-block',
  version: '1.0.0',
  title: 'Blocks its process for good after its first act, at every attempt',
  async run(saga) {
    await saga.run('first', act('first'));
    for (;;);
  },
};

export const codedWorkflows = [codedSaga, poisonKill, poisonBlock];
