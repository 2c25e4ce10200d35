// What a run announces: always with whose run it is and where in its trace it happened.
import type { Facts, RoomEvent, SpanPlace } from '../kernel/index.ts';
import type { RunBase } from './environment.ts';

type Told = Pick<RunBase, 'emit' | 'facts' | 'trace'>;

/** `place`: absent, that of the run. */
export function tell(
  { emit, facts, trace }: Told,
  level: RoomEvent['level'],
  name: string,
  { place = trace.run, ...fields }: { readonly place?: SpanPlace; readonly [field: string]: unknown },
): void {
  emit({ level, name, fields: { run: facts.id, tenant: facts.tenant, ...fields }, trace: place });
}

/** What every fact of a run says. */
export function ofRun({ facts }: Pick<Told, 'facts'>): Pick<Facts['run.finished'], 'run' | 'tenant' | 'workflow'> {
  return { run: facts.id, tenant: facts.tenant, workflow: facts.name };
}
