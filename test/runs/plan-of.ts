// Plans in short, for the tests of what reads plans: modules by id with the names of their activities, all else by default.
import { ancestorsOf, wavesOf } from '../../src/definitions/graph.ts';
import type { Edges } from '../../src/definitions/graph.ts';
import { RETRY_POLICIES } from '../../src/definitions/index.ts';
import type { ActivityNode, ApprovalNode, ModulePlan, Plan, PlanNode, WaitNode } from '../../src/definitions/index.ts';
import { allocateRanges } from '../../src/definitions/ranges.ts';

/** An activity by its name, with the siblings or nodes it comes after, and whatever differs from the defaults. */
export interface ActNote extends Partial<Omit<ActivityNode, 'id' | 'kind' | 'module' | 'dependencies'>> {
  readonly name: string;
  readonly after?: readonly string[];
}

/** A module: its activities (parallel unless `sequential`), or an approval, or a wait. */
export interface ModuleNote extends Partial<Omit<ModulePlan, 'id' | 'type' | 'dependencies' | 'nodes'>> {
  readonly after?: readonly string[];
  readonly sequential?: boolean;
  readonly acts?: readonly (string | ActNote)[];
  readonly approval?: Partial<ApprovalNode>;
  readonly wait?: WaitNode['wait'];
}

type Place = Pick<
  PlanNode,
  'id' | 'module' | 'name' | 'index' | 'dependencies' | 'ancestors' | 'wave' | 'range' | 'optional'
>;
type Notes = Readonly<Record<string, ModuleNote>>;

export function planOf(notes: Notes, over: Partial<Plan> = {}): Plan {
  const edges = edgesOf(notes);
  const waves = wavesOf(edges);
  const nodes = placesOf(notes, edges, waves).map((place) => nodeOf(notes[place.module]!, place));
  return {
    name: 'launch',
    title: 'Launch',
    version: '1.0.0',
    hash: 'h',
    priority: 'normal',
    execution: 'eager',
    onFailure: 'compensate',
    compensationOrder: 'reverse_graph',
    input: {},
    modules: modulesOf(notes),
    nodes,
    waves,
    messageTopics: nodes.flatMap((node) =>
      node.kind === 'wait' && node.wait.kind === 'message' ? [node.wait.topic] : [],
    ),
    ...over,
  };
}

/** The node of that id. */
export function nodeIn(plan: Plan, id: string): PlanNode {
  const node = plan.nodes.find((each) => each.id === id);
  if (!node) throw new Error(`the plan has no node ${id}`);
  return node;
}

export function activityIn(plan: Plan, id: string): ActivityNode {
  const node = nodeIn(plan, id);
  if (node.kind !== 'activity') throw new Error(`${id} is no activity`);
  return node;
}

export function moduleIn(plan: Plan, id: string): ModulePlan {
  const module = plan.modules.find((each) => each.id === id);
  if (!module) throw new Error(`the plan has no module ${id}`);
  return module;
}

function actsOf({ acts = [] }: ModuleNote): ActNote[] {
  return acts.map((act) => (typeof act === 'string' ? { name: act } : act));
}

function idsOf(id: string, note: ModuleNote): string[] {
  return note.approval || note.wait ? [id] : actsOf(note).map(({ name }) => `${id}.${name}`);
}

function edgesOf(notes: Notes): Edges {
  return new Map(
    Object.entries(notes).flatMap(([id, note]) => {
      const before = (note.after ?? []).flatMap((dependency) => idsOf(dependency, notes[dependency]!));
      const own = idsOf(id, note);
      return own.map((nodeId, position) => {
        const previous = note.sequential ? own.slice(0, position).slice(-1) : [];
        const named = (actsOf(note)[position]?.after ?? []).map((name) =>
          name.includes('.') ? name : `${id}.${name}`,
        );
        return [nodeId, [...new Set([...before, ...previous, ...named])]] as const;
      });
    }),
  );
}

function placesOf(notes: Notes, edges: Edges, waves: Plan['waves']): Place[] {
  const ancestors = ancestorsOf(edges);
  const owners = Object.entries(notes).flatMap(([module, note]) =>
    idsOf(module, note).map((id) => ({ module, note, id })),
  );
  const ranges = allocateRanges(
    owners.map(({ note, id }) => ({ fansOut: actNoteOf(note, id)?.forEach !== undefined })),
  );
  return owners.map(({ module, note, id }, index) => ({
    id,
    module,
    name: id.split('.').at(-1)!,
    index,
    dependencies: edges.get(id)!,
    ancestors: ancestors.get(id)!,
    wave: waves.findIndex((wave) => wave.includes(id)),
    range: ranges![index]!,
    optional: note.optional ?? false,
  }));
}

function actNoteOf(note: ModuleNote, id: string): ActNote | undefined {
  return actsOf(note).find(({ name }) => id.endsWith(`.${name}`));
}

function nodeOf(note: ModuleNote, place: Place): PlanNode {
  if (note.approval) return approvalNode(place, note.approval);
  if (note.wait) return { ...place, kind: 'wait', wait: note.wait };
  const { after: _, ...over } = actNoteOf(note, place.id)!;
  return {
    ...place,
    kind: 'activity',
    tool: 'github',
    action: 'create_file',
    with: {},
    maxParallel: 5,
    timeoutMs: 30_000,
    retry: RETRY_POLICIES.idempotent_api_call,
    irreversible: false,
    ...over,
  };
}

function approvalNode(place: Place, over: Partial<ApprovalNode>): ApprovalNode {
  return {
    ...place,
    kind: 'approval',
    title: 'Ship it?',
    approvers: ['role:lead'],
    quorum: 1,
    allowRequester: false,
    timeoutMs: 86_400_000,
    onTimeout: 'reject',
    editable: [],
    ...over,
  };
}

function modulesOf(notes: Notes): ModulePlan[] {
  const entries = Object.entries(notes);
  return entries.map(([id, note], index) => {
    const { after = [], sequential, acts: _, approval, wait, ...over } = note;
    const type = approval ? 'approval' : wait ? 'wait' : sequential ? 'sequential' : 'parallel';
    return {
      id,
      type,
      dependencies: after,
      nodes: idsOf(id, note),
      optional: false,
      progress: Math.round(((index + 1) / entries.length) * 100),
      maxParallel: Number.POSITIVE_INFINITY,
      ...over,
    };
  });
}
