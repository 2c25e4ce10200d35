// The end of a run that did all it had to and of which nobody asks anything: what many runs end in one turn of the event loop is one statement.
import type { Knex } from 'knex';
import { ENGINE_RANGE, openEnds, stepId } from '../durable/index.ts';
import type { EndTogether } from '../durable/index.ts';
import type { Json } from '../kernel/index.ts';
import type { RunContext } from './environment.ts';
import { DONE_COMPANION } from './run-store.ts';
import type { DoneRow } from './run-store.ts';
import { ENGINE_STEP } from './step-layout.ts';

/** The step that is recorded with a run's end, whichever it is. */
export const FINISH = { id: stepId(ENGINE_RANGE, ENGINE_STEP.finish), name: 'run finished' } as const;

const ends = new WeakMap<Knex, EndTogether<DoneRow>>();

/** False: something is asked of the run, or its row is being changed; then its end takes a transaction of its own. */
export async function endAsDone({ knex, facts }: RunContext, output: Json): Promise<boolean> {
  return await endsOn(knex)({ ...FINISH, row: { id: facts.id, output: JSON.stringify(output) } });
}

function endsOn(knex: Knex): EndTogether<DoneRow> {
  const known = ends.get(knex);
  if (known) return known;
  const opened = openEnds(knex, DONE_COMPANION);
  ends.set(knex, opened);
  return opened;
}
