// Which step ids belong to which call of a coded workflow: those its name had in the record, else the next free ones. Pure.
//
// Code that runs side by side calls in another order when it is replayed, so the order of the calls says nothing: the name does.
import { ENGINE_RANGE } from '../durable/index.ts';
import type { StepRange } from '../definitions/index.ts';
import { FIRST_NOTE, ownerOfStep } from './step-layout.ts';

const NODE_SIZE = 4_096;

/** Step ids with what is recorded there. */
export type RecordedNames = Iterable<readonly [id: number, name: string]>;

export interface CodedPlaces {
  /** The ids of an act. Asked once a name. */
  act(name: string): StepRange;
  /** The ids of an approval or a wait. Asked once a name. */
  wait(name: string): StepRange;
  /** The id of a note. Asked again, the same name means the next one of that name. */
  note(name: string): number;
  /** What the record holds that nobody asked for: names of acts and waits, and of notes as `note <name>`. */
  unclaimed(): string[];
}

export function codedPlaces(recorded: RecordedNames): CodedPlaces {
  const steps = [...recorded];
  const nodes = claims(steps.flatMap(([id, name]) => (id < ENGINE_RANGE.size ? [] : [nodeClaim(id, name)])));
  const notes = claims(
    steps.flatMap(([id, name]) =>
      id < FIRST_NOTE || id >= ENGINE_RANGE.size ? [] : [{ place: id - FIRST_NOTE, name }],
    ),
  );
  const rangeOf = (name: string): StepRange => ({
    base: ENGINE_RANGE.size + nodes.take(name) * NODE_SIZE,
    size: NODE_SIZE,
  });
  return {
    act: (name) => rangeOf(name),
    wait: (name) => rangeOf(`${name} open`),
    note: (name) => FIRST_NOTE + notes.take(`note ${name}`),
    unclaimed: () => [...nodes.left(), ...notes.left()],
  };
}

/** A place that is taken, and what it is known by: an act by its name, a wait by that of its opening. Unnamed where a step does not tell. */
interface Claim {
  readonly place: number;
  readonly name?: string;
}

function nodeClaim(id: number, stepName: string): Claim {
  const place = Math.floor((id - ENGINE_RANGE.size) / NODE_SIZE);
  const name = ownerOfStep((id - ENGINE_RANGE.size) % NODE_SIZE, stepName);
  return { place, ...(name !== undefined && { name }) };
}

function claims(taken: readonly Claim[]) {
  const byName = new Map<string, number[]>();
  const names = new Map<number, string>();
  let next = 0;
  for (const { place, name } of taken) {
    next = Math.max(next, place + 1);
    if (name === undefined || names.has(place)) continue;
    names.set(place, name);
    byName.set(name, [...(byName.get(name) ?? []), place]);
  }
  return {
    take(name: string): number {
      const place = byName.get(name)?.shift();
      if (place === undefined) return next++;
      names.delete(place);
      return place;
    },
    left: (): string[] => [...names.values()],
  };
}
