// Random plans, and what each of their nodes does: what properties of the graph are tried on.
import fc from 'fast-check';
import type { Plan } from '../../src/definitions/index.ts';
import { planOf } from './plan-of.ts';
import type { ActNote, ModuleNote } from './plan-of.ts';
import type { Behaviour, Behaviours } from './walk.ts';

export interface Scenario {
  readonly plan: Plan;
  readonly behaviours: Behaviours;
}

export interface ScenarioOptions {
  readonly execution?: Plan['execution'];
  readonly compensationOrder?: Plan['compensationOrder'];
  /** Which activities may fail. */
  readonly failures?: 'none' | 'optional' | 'any';
  /** Conditions that nodes and modules may have: `true` and `false`, or also one that cannot be evaluated. */
  readonly conditions?: 'evaluable' | 'any';
  /** May modules limit how many of their activities run at once? */
  readonly limits?: boolean;
}

/** Up to five modules of up to four activities. */
export function scenarios(options: ScenarioOptions = {}): fc.Arbitrary<Scenario> {
  const { execution, compensationOrder = 'reverse_graph', failures = 'any' } = options;
  return fc
    .record({
      modules: fc.array(moduleDrafts(options), { minLength: 1, maxLength: MAX_MODULES }),
      execution: execution ? fc.constant(execution) : fc.constantFrom('eager' as const, 'waves' as const),
    })
    .map(({ modules, execution: mode }) => ({
      plan: planOf(Object.fromEntries(modules.map((draft, index) => [`m${index}`, moduleNote(draft, index)])), {
        execution: mode,
        compensationOrder,
      }),
      behaviours: Object.fromEntries(
        modules.flatMap(({ acts }, index) =>
          acts.map((act, position) => [`m${index}.a${position}`, behaviourOf(act, failures)]),
        ),
      ),
    }));
}

const MAX_MODULES = 5;
const MAX_ACTS = 4;

interface ActDraft extends Behaviour {
  /** Does it wait for the sibling at that place? */
  readonly edges: readonly boolean[];
  readonly optional: boolean;
  readonly when: string | null;
}

interface ModuleDraft {
  readonly acts: readonly ActDraft[];
  /** Does it wait for the module at that place? */
  readonly edges: readonly boolean[];
  readonly sequential: boolean;
  readonly when: string | null;
  readonly limit: number | null;
}

function moduleDrafts({ conditions = 'any', limits = true }: ScenarioOptions): fc.Arbitrary<ModuleDraft> {
  const texts = conditions === 'evaluable' ? ['true', 'false'] : ['true', 'false', 'nonsense'];
  const when = fc.option(fc.constantFrom(...texts), { freq: 2 });
  return fc.record({
    acts: fc.array(actDrafts(when), { minLength: 1, maxLength: MAX_ACTS }),
    edges: edges(MAX_MODULES),
    sequential: fc.boolean(),
    when,
    limit: limits ? fc.option(fc.integer({ min: 1, max: 3 })) : fc.constant(null),
  });
}

function actDrafts(when: fc.Arbitrary<string | null>): fc.Arbitrary<ActDraft> {
  return fc.record({
    tookMs: fc.integer({ min: 1, max: 9 }),
    ends: fc.constantFrom('completed', 'completed', 'failed', 'unknown'),
    edges: edges(MAX_ACTS),
    optional: fc.boolean(),
    when,
  });
}

function edges(length: number): fc.Arbitrary<boolean[]> {
  return fc.array(fc.boolean(), { minLength: length, maxLength: length });
}

// Edges go backwards in the document only, so that there is no cycle.
function before(place: number, among: readonly boolean[], name: string): string[] {
  return among.slice(0, place).flatMap((edge, other) => (edge ? [`${name}${other}`] : []));
}

function moduleNote({ acts, edges: among, sequential, when, limit }: ModuleDraft, place: number): ModuleNote {
  return {
    after: before(place, among, 'm'),
    sequential,
    acts: acts.map(actNote),
    ...(when !== null && { when: { cel: when } }),
    ...(limit !== null && { maxParallel: limit }),
  };
}

function actNote({ edges: among, optional, when }: ActDraft, place: number): ActNote {
  return {
    name: `a${place}`,
    after: before(place, among, 'a'),
    optional,
    ...(when !== null && { when: { cel: when } }),
  };
}

function behaviourOf({ tookMs, ends, optional }: ActDraft, failures: ScenarioOptions['failures']): Behaviour {
  const mayFail = failures === 'any' || (failures === 'optional' && optional);
  return { tookMs, ends: mayFail ? ends : 'completed' };
}
