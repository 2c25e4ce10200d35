// What a chaos run will do, decided before it begins from the tier and the seed alone. Pure.
import type { Random, RestartMode, StatementKind } from '../faults/index.ts';

export const FAMILIES = [
  'commits',
  'sqlstates',
  'kills',
  'pauses',
  'partitions',
  'clocks',
  'server',
  'restarts',
  'rolling',
  'listeners',
  'starts',
  'approvals',
  'poison',
  'herd',
] as const;
export type Family = (typeof FAMILIES)[number];

export type PlannedPartition =
  | 'reset'
  | 'refuseNew'
  | 'blackhole'
  | 'blackholeOut'
  | 'blackholeIn'
  | { delayMs: number }
  | { bytesPerSecond: number };

/** Statement kinds, or the making of a connection. */
export type Site = 'connect' | StatementKind;

/** One thing that is done. `replica` counts from 0. */
export type Step =
  | { readonly fault: 'kill'; readonly replica: number }
  | { readonly fault: 'pause'; readonly replica: number; readonly beyondLeaseMs: number }
  | { readonly fault: 'commit'; readonly replica: number; readonly site: CommitSite; readonly nth: number }
  | { readonly fault: 'sqlstate'; readonly replica: number; readonly site: Site; readonly code: string }
  | { readonly fault: 'restart'; readonly mode: RestartMode; readonly downMs: number }
  | { readonly fault: 'partition'; readonly replica: number; readonly partition: PlannedPartition; readonly ms: number }
  | { readonly fault: 'clock'; readonly replica: number; readonly offsetMs: number }
  | {
      readonly fault: 'server';
      readonly what: 'readOnly' | 'refuseLogins' | 'killBackends' | 'exhaust';
      readonly ms: number;
    }
  | { readonly fault: 'roll'; readonly replica: number }
  | { readonly fault: 'listeners' }
  | { readonly fault: 'start race'; readonly requests: number }
  | { readonly fault: 'approval race'; readonly requests: number }
  | { readonly fault: 'poison'; readonly workflow: 'poison-kill' | 'poison-block' }
  | { readonly fault: 'herd'; readonly runs: number };

export interface Phase {
  readonly family: Family;
  readonly steps: readonly Step[];
}

/** How many of each. */
export type Counts = Readonly<Record<Family, number>> & {
  /** Good runs beside the poison. */
  readonly goodRuns: number;
};

export interface Plan {
  readonly seed: number;
  readonly replicas: number;
  readonly goodRuns: number;
  readonly phases: readonly Phase[];
}

export type Tier = 'smoke' | 'change' | 'nightly';

/** `starts` and `approvals` count requests, `herd` runs, the rest faults. */
export const TIERS: Readonly<Record<Tier, Counts>> = {
  smoke: {
    commits: 1,
    sqlstates: 2,
    kills: 1,
    pauses: 1,
    partitions: 1,
    clocks: 1,
    server: 1,
    restarts: 1,
    rolling: 1,
    listeners: 0,
    starts: 20,
    approvals: 6,
    poison: 0,
    herd: 20,
    goodRuns: 0,
  },
  change: {
    commits: 30,
    sqlstates: 24,
    kills: 20,
    pauses: 5,
    partitions: 12,
    clocks: 10,
    server: 8,
    restarts: 5,
    rolling: 20,
    listeners: 3,
    starts: 500,
    approvals: 500,
    poison: 3,
    herd: 500,
    goodRuns: 200,
  },
  nightly: {
    commits: 1_000,
    sqlstates: 288,
    kills: 500,
    pauses: 200,
    partitions: 1_000,
    clocks: 200,
    server: 100,
    restarts: 200,
    rolling: 200,
    listeners: 100,
    starts: 10_000,
    approvals: 10_000,
    poison: 50,
    herd: 5_000,
    goodRuns: 200,
  },
};

const REPLICAS = 3;

export interface PlanOptions {
  readonly seed: number;
  readonly counts: Counts;
  /** Default: all of them. */
  readonly only?: readonly Family[];
  /** Multiplies every count, so that a part of a tier fits into the time there is. At least one of each is left. */
  readonly scale?: number;
  /** The codes that Postgres may be made to answer. */
  readonly sqlstates: readonly PlannedCode[];
}

export interface PlannedCode {
  readonly code: string;
  readonly at: 'connect' | 'statement' | 'both';
}

export function makePlan({ seed, counts, only = FAMILIES, scale = 1, sqlstates }: PlanOptions, random: Random): Plan {
  const scaled = (count: number): number => (count === 0 ? 0 : Math.max(1, Math.round(count * scale)));
  // Every family draws even when it is left out, so that `--only` repeats what the whole run did.
  const phases = FAMILIES.map((family) => ({
    family,
    steps: stepsOf(family, scaled(counts[family]), sqlstates, random),
  }));
  return {
    seed,
    replicas: REPLICAS,
    goodRuns: scaled(counts.goodRuns),
    phases: phases.filter(({ family, steps }) => only.includes(family) && steps.length > 0),
  };
}

function stepsOf(family: Family, count: number, sqlstates: readonly PlannedCode[], random: Random): Step[] {
  const replica = (): number => random.int(0, REPLICAS - 1);
  const each = (make: (index: number) => Step): Step[] => Array.from({ length: count }, (_, index) => make(index));
  switch (family) {
    case 'commits':
      return each((index) => ({ fault: 'commit', replica: replica(), ...commitSite(index, random) }));
    case 'sqlstates':
      return codeSteps(count, sqlstates, random);
    case 'kills':
      return each(() => ({ fault: 'kill', replica: replica() }));
    case 'pauses':
      return each(() => ({ fault: 'pause', replica: replica(), beyondLeaseMs: random.int(500, 2_000) }));
    case 'partitions':
      return each((index) => ({ fault: 'partition', replica: replica(), ...partitionOf(index, random) }));
    case 'clocks':
      return each((index) => ({
        fault: 'clock',
        replica: replica(),
        offsetMs: OFFSETS_MS[index % OFFSETS_MS.length]!,
      }));
    case 'server':
      return each((index) => ({ fault: 'server', what: SERVER[index % SERVER.length]!, ms: random.int(500, 3_000) }));
    case 'restarts':
      return each((index) => ({ fault: 'restart', mode: MODES[index % MODES.length]!, downMs: random.int(0, 4_000) }));
    case 'rolling':
      return each((index) => ({ fault: 'roll', replica: index % REPLICAS }));
    case 'listeners':
      return each(() => ({ fault: 'listeners' }));
    case 'starts':
      return inGroups(count, 50).map((requests) => ({ fault: 'start race', requests }));
    case 'approvals':
      return inGroups(count, 5).map((requests) => ({ fault: 'approval race', requests }));
    case 'poison':
      return each((index) => ({ fault: 'poison', workflow: index % 3 === 2 ? 'poison-block' : 'poison-kill' }));
    case 'herd':
      return count === 0 ? [] : [{ fault: 'herd', runs: count }];
  }
}

const MODES: readonly RestartMode[] = ['fast', 'immediate', 'kill9'];
const SERVER = ['readOnly', 'refuseLogins', 'killBackends', 'exhaust'] as const;
const OFFSETS_MS = [1_000, -1_000, 60_000, -60_000, 3_600_000, -3_600_000];

/** `transaction record`: a step that its own transaction records. */
export type CommitSite = StatementKind | 'any' | 'transaction record';

// Every third anywhere, the rest where a lost answer is most to be feared.
const COMMIT_SITES = [
  'record',
  'claim',
  'any',
  'run-insert',
  'outcome-update',
  'any',
  'message-insert',
  'transaction record',
] as const;

function commitSite(index: number, random: Random): { site: CommitSite; nth: number } {
  const site = COMMIT_SITES[index % COMMIT_SITES.length]!;
  return { site, nth: site === 'any' || site === 'record' ? random.int(1, 5) : 1 };
}

const SITES: readonly StatementKind[] = [
  'begin',
  'claim',
  'look-up',
  'record',
  'commit',
  'run-insert',
  'lease-renewal',
  'sweep',
  'audit',
  'message-insert',
  'outcome-update',
];

// Each code once before any comes again, over call sites that go round at their own pace.
function codeSteps(count: number, codes: readonly PlannedCode[], random: Random): Step[] {
  const sites = random.shuffle(SITES);
  return Array.from({ length: count }, (_, index) => {
    const { code, at } = codes[index % codes.length]!;
    const round = Math.floor(index / codes.length);
    const site = at === 'connect' ? 'connect' : sites[(index + round) % sites.length]!;
    return { fault: 'sqlstate', replica: random.int(0, REPLICAS - 1), site, code };
  });
}

function partitionOf(index: number, random: Random): { partition: PlannedPartition; ms: number } {
  const kinds: readonly PlannedPartition[] = [
    'reset',
    'refuseNew',
    'blackhole',
    'blackholeOut',
    'blackholeIn',
    { delayMs: random.int(200, 2_000) },
    { bytesPerSecond: 10_000 },
  ];
  return { partition: kinds[index % kinds.length]!, ms: random.int(1_000, 5_000) };
}

/** `total` in groups of at most `size`. */
function inGroups(total: number, size: number): number[] {
  const whole = Math.floor(total / size);
  const rest = total % size;
  return [...Array.from({ length: whole }, () => size), ...(rest > 0 ? [rest] : [])];
}

/** A step in a line, for the plan and the log. */
export function describeStep(step: Step): string {
  switch (step.fault) {
    case 'kill':
      return `kill -9 replica ${step.replica}`;
    case 'pause':
      return `stop replica ${step.replica} until ${step.beyondLeaseMs} ms after its lease`;
    case 'commit':
      return `lose the answer to commit ${step.nth} of ${step.site} at replica ${step.replica}`;
    case 'sqlstate':
      return `answer ${step.code} to ${step.site} of replica ${step.replica}`;
    case 'restart':
      return `restart Postgres (${step.mode}), down ${step.downMs} ms`;
    case 'partition':
      return `${partitionName(step.partition)} before replica ${step.replica} for ${step.ms} ms`;
    case 'clock':
      return `move the clock of replica ${step.replica} by ${step.offsetMs / 1_000} s`;
    case 'server':
      return step.what === 'killBackends' ? 'kill every backend' : `Postgres ${step.what} for ${step.ms} ms`;
    case 'roll':
      return `SIGTERM replica ${step.replica} and start it again`;
    case 'listeners':
      return 'kill the sessions that listen, and send a message';
    case 'start race':
      return `${step.requests} starts under one key`;
    case 'approval race':
      return `${step.requests} decisions on one approval`;
    case 'poison':
      return `a run of ${step.workflow}`;
    case 'herd':
      return `${step.runs} runs of one replica, killed`;
  }
}

function partitionName(partition: PlannedPartition): string {
  if (typeof partition === 'string') return partition;
  return 'delayMs' in partition ? `delay of ${partition.delayMs} ms` : `${partition.bytesPerSecond} B/s`;
}
