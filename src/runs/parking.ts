// An act that waits for a service that is down, where its definition says `park: true`: it holds no slot, and no attempt of it is spent.
import { currentRun } from '../durable/index.ts';
import type { BreakerUse, Failure, Outcome } from '../kernel/index.ts';
import { BREAKER_OPEN } from '../resilience/index.ts';
import { breakerTenant } from '../tools/index.ts';
import type { RunContext } from './environment.ts';
import { tell } from './tell.ts';

/** Told when an act begins to wait, and before it goes on. */
export interface Parking {
  parked(): void;
  resumed(): Promise<void>;
}

/** What may wait, and what ends its wait. */
export interface Parkable {
  readonly stepName: string;
  readonly breaker?: BreakerUse;
  readonly signal?: AbortSignal;
  readonly ending?: AbortSignal;
  readonly parking?: Parking;
}

/** Thrown by an attempt that was refused, so that nothing of it is recorded. */
class RefusedAgain extends Error {}

/** Makes the attempt when its service is there. One that is refused all the same waits again. */
export async function whenServed<T>(context: RunContext, act: Parkable, attempt: () => Promise<T>): Promise<T> {
  if (!act.breaker?.park) return await attempt();
  for (;;) {
    const leave = await untilServed(context, act);
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Error && error.cause instanceof RefusedAgain)) throw error;
    } finally {
      leave();
    }
  }
}

/** To be called inside the attempt. */
export function waitAgainIfRefused({ breaker }: Parkable, outcome: Outcome): void {
  if (!outcome.ok && mayWait(breaker, outcome.error)) throw new RefusedAgain(outcome.error.message);
}

/** Is this the refusal of an act that would rather wait? */
export function mayWait(breaker: BreakerUse | undefined, { code }: Failure): boolean {
  return breaker?.park === true && code === BREAKER_OPEN;
}

/**
 * Returns when an act that waits for its service may go on, or is stopped; one that does not wait goes on at once. What it returns
 * is called once the act is over: then the next one may go.
 */
export async function untilServed(context: RunContext, act: Parkable): Promise<() => void> {
  const { registry, facts } = context;
  const { breakers } = registry;
  if (!breakers || !act.breaker?.park) return nobodyWaits;
  const { service } = act.breaker;
  const tenant = breakerTenant(registry, service, facts.tenant);
  if (breakers.isServing(tenant, service)) return nobodyWaits;
  const { quiesce } = currentRun();
  const stop = AbortSignal.any([quiesce, act.signal, act.ending].filter((signal) => signal !== undefined));
  act.parking?.parked();
  tell(context, 'debug', 'activity.parked', { node: act.stepName, service });
  const leave = await breakers.park(tenant, service, stop);
  if (!stop.aborted) await act.parking?.resumed();
  return leave;
}

const nobodyWaits = (): void => undefined;

/** Of a list of acts: it waits once all that are under way do. */
export function joinParking(list: Parking, underWay: () => number): Parking & { look(): void } {
  let waiting = 0;
  const look = (): void => {
    if (waiting > 0 && waiting === underWay()) list.parked();
  };
  return {
    look,
    parked() {
      waiting++;
      look();
    },
    async resumed() {
      waiting--;
      await list.resumed();
    },
  };
}
