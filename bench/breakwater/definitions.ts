// The measured definitions: one activity, a wait or a question and an activity, ten activities in a row.
import { stringify } from 'yaml';

/** The topic that `wake` waits on. */
export const TOPIC = 'go';

const activity = (name: string) => ({ name, tool: 'bench', action: 'mark', with: { name } });

export const definitions: readonly string[] = [
  definition('first', [{ id: 'only', activities: [activity('first')] }]),
  definition('wake', [
    { id: 'pause', type: 'wait', wait: { message: TOPIC } },
    { id: 'after', depends_on: ['pause'], activities: [activity('woken')] },
  ]),
  definition('review', [
    { id: 'review', type: 'approval', approval: { title: 'Go?', approvers: ['role:lead'], timeout: '24h' } },
    { id: 'after', depends_on: ['review'], activities: [activity('decided')] },
  ]),
  definition('ten', [
    { id: 'all', activities: Array.from({ length: 10 }, (_, index) => activity(`activity_${index}`)) },
  ]),
];

function definition(name: string, modules: readonly unknown[]): string {
  return stringify({ workflow: { name, version: '1.0.0' }, modules });
}
