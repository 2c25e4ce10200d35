// One call of an action as the engine makes it, with what most tests do not care about filled in.
import type { Invocation } from '../../src/tools/attempt.ts';
import { KEY } from './sandbox-world.ts';

export function anInvocation(part: Pick<Invocation, 'tool' | 'action' | 'args'> & Partial<Invocation>): Invocation {
  return { key: KEY, suspect: false, timeoutMs: 5_000, tenant: 'acme', runId: 'run_1', ...part };
}
