// The circuit breaker's states, by example and against a naive model.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_BREAKER } from '../../src/kernel/index.ts';
import type { BreakerSettings } from '../../src/kernel/index.ts';
import { NEW_BREAKER, admit, count, force, forceOf, settleProbe, takeProbe } from '../../src/resilience/breaker.ts';
import type { BreakerState, Step, Tally } from '../../src/resilience/breaker.ts';
import { BreakerModel } from './breaker-model.ts';

const AT = 1_000_000_000_000;
const settings = DEFAULT_BREAKER;

function failed(times: number, atMs = AT, over: Partial<BreakerSettings> = {}): Tally {
  return { ok: false, count: times, atMs, settings: { ...settings, ...over } };
}

function succeeded(times: number, atMs = AT): Tally {
  return { ok: true, count: times, atMs };
}

/** A breaker that opened at AT. */
const opened = count(NEW_BREAKER, 0, [failed(5)], AT).state;
const dueMs = AT + settings.openMs;

function halfOpened(token = 'first', expiresAtMs = dueMs + 10_000): BreakerState {
  return takeProbe(opened, { token, expiresAtMs }, dueMs).state;
}

describe('a closed breaker', () => {
  it('lets calls pass', () => {
    expect(admit(NEW_BREAKER, AT)).toBe('pass');
  });

  it('opens at five failures in a row', () => {
    const four = count(NEW_BREAKER, 0, [failed(4)], AT).state;
    expect(four).toMatchObject({ kind: 'closed', failures: 4 });

    expect(count(four, 0, [failed(1)], AT)).toMatchObject({
      state: { kind: 'open', epoch: 1, openedAtMs: AT, nextProbeAtMs: dueMs },
      why: '5 failures in a row',
    });
  });

  it('begins a new row after a success', () => {
    const { state } = count(NEW_BREAKER, 0, [failed(4, AT), succeeded(1, AT + 1), failed(4, AT + 2)], AT + 2);

    expect(state).toMatchObject({ kind: 'closed', failures: 4 });
  });

  it('is not soothed by a success that came before the last failure and is told after it', () => {
    const { state } = count(NEW_BREAKER, 0, [failed(4, AT), succeeded(100, AT - 1)], AT);

    expect(state).toMatchObject({ kind: 'closed', failures: 4 });
  });

  it('opens when half of the calls of a minute fail, ten at least', () => {
    const pair = (at: number): Tally[] => [succeeded(1, at), failed(1, at + 1)];
    const four = [0, 1_000, 2_000, 3_000].flatMap((after) => pair(AT + after));
    const now = AT + 5_000;

    expect(count(NEW_BREAKER, 0, four, now).state.kind).toBe('closed');
    expect(count(NEW_BREAKER, 0, [...four, ...pair(AT + 4_000)], now)).toMatchObject({
      state: { kind: 'open' },
      why: '5 of 10 calls failed in 1m',
    });
  });

  it('forgets failures that are older than its window', () => {
    const early = [0, 1, 2, 3].flatMap((second) => [failed(1, AT + second), succeeded(1, AT + second + 0.5)]);
    const state = count(NEW_BREAKER, 0, early, AT + 10).state;
    const later = AT + settings.windowMs + 1_000;

    expect(
      count(state, 0, [failed(1, later), succeeded(1, later + 1), failed(1, later + 2)], later + 2).state.kind,
    ).toBe('closed');
  });

  it('takes the settings of the act that failed', () => {
    expect(count(NEW_BREAKER, 0, [failed(2, AT, { failures: 2, openMs: 500 })], AT).state).toMatchObject({
      kind: 'open',
      nextProbeAtMs: AT + 500,
    });
  });

  it('counts no call that began in another epoch', () => {
    expect(count(NEW_BREAKER, 1, [failed(100)], AT)).toEqual({ state: NEW_BREAKER });
  });
});

describe('an open breaker', () => {
  it('refuses until its time is over, then lets one call try', () => {
    expect(admit(opened, dueMs - 1)).toEqual({ refusedForMs: 1 });
    expect(admit(opened, dueMs)).toBe('probe');
  });

  it('counts nothing', () => {
    expect(count(opened, 1, [succeeded(10), failed(10)], AT).state).toBe(opened);
  });

  it('gives no probe before its time', () => {
    expect(takeProbe(opened, { token: 'early', expiresAtMs: dueMs }, dueMs - 1).state).toBe(opened);
  });
});

describe('a half-open breaker', () => {
  it('has one probe, and refuses the others until its lease is over', () => {
    const state = halfOpened();

    expect(admit(state, dueMs)).toEqual({ refusedForMs: 10_000 });
    expect(takeProbe(state, { token: 'second', expiresAtMs: dueMs + 1 }, dueMs).state).toBe(state);
    expect(admit(state, dueMs + 10_000)).toBe('probe');
  });

  it('closes after two tries that succeed', () => {
    const once = settleProbe(halfOpened(), 'first', 'ok', settings, dueMs).state;
    const again = takeProbe(once, { token: 'second', expiresAtMs: dueMs + 10_000 }, dueMs).state;

    expect(once).toMatchObject({ kind: 'half_open', successes: 1 });
    expect(settleProbe(again, 'second', 'ok', settings, dueMs)).toMatchObject({
      state: { kind: 'closed', epoch: 3, failures: 0 },
      why: '2 tries succeeded',
    });
  });

  it('opens again after one that fails', () => {
    expect(settleProbe(halfOpened(), 'first', 'failed', settings, dueMs)).toMatchObject({
      state: { kind: 'open', epoch: 3, nextProbeAtMs: dueMs + settings.openMs },
      why: 'the try failed',
    });
  });

  it('takes the probe back that says nothing', () => {
    const { state } = settleProbe(halfOpened(), 'first', 'none', settings, dueMs);

    expect(state).toMatchObject({ kind: 'half_open', successes: 0 });
    expect(admit(state, dueMs)).toBe('probe');
  });

  it('does not hear a probe whose lease another took over', () => {
    const second = takeProbe(halfOpened(), { token: 'second', expiresAtMs: dueMs + 20_000 }, dueMs + 10_000).state;

    expect(settleProbe(second, 'first', 'failed', settings, dueMs + 10_000).state).toBe(second);
  });
});

describe('a forced breaker', () => {
  const word = { by: 'ann', reason: 'maintenance', untilMs: AT + 600_000 };

  it('refuses everything while open, and lets one call try afterwards', () => {
    const { state, why } = force(NEW_BREAKER, 'open', word, AT);

    expect(why).toBe('maintenance');
    expect(admit(state, word.untilMs - 1)).toEqual({ refusedForMs: 1 });
    expect(admit(state, word.untilMs)).toBe('probe');
    expect(forceOf(state, AT)).toBe(word);
    expect(forceOf(state, word.untilMs)).toBeUndefined();
  });

  it('counts nothing while closed, and begins anew afterwards', () => {
    const { state } = force(opened, 'closed', word, AT);

    expect(admit(state, AT)).toBe('pass');
    expect(count(state, 2, [failed(100)], AT).state).toBe(state);
    expect(count(state, 2, [failed(1, word.untilMs)], word.untilMs).state).toMatchObject({
      kind: 'closed',
      failures: 1,
    });
  });
});

type Action =
  | {
      readonly do: 'tell';
      readonly ok: boolean;
      readonly times: number;
      readonly agoMs: number;
      readonly late: boolean;
    }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'ask'; readonly token: number; readonly forMs: number }
  | { readonly do: 'settle'; readonly token: number; readonly verdict: 'ok' | 'failed' | 'none' }
  | { readonly do: 'force'; readonly to: 'open' | 'closed'; readonly forMs: number };

const token = fc.integer({ min: 0, max: 2 });
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('tell' as const),
      ok: fc.boolean(),
      times: fc.integer({ min: 1, max: 3 }),
      agoMs: fc.integer({ min: 0, max: 3_000 }),
      late: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 4_000 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('ask' as const), token, forMs: fc.integer({ min: 1, max: 3_000 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      token,
      verdict: fc.constantFrom('ok', 'failed', 'none'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('force' as const),
      to: fc.constantFrom('open', 'closed'),
      forMs: fc.integer({ min: 0, max: 3_000 }),
    }),
  },
);
const anySettings = fc.record({
  failures: fc.integer({ min: 1, max: 5 }),
  windowMs: fc.integer({ min: 1, max: 10 }).map((seconds) => seconds * 1_000),
  rate: fc.double({ min: 0.1, max: 1, noNaN: true }),
  openMs: fc.integer({ min: 100, max: 5_000 }),
  successes: fc.integer({ min: 1, max: 3 }),
});

describe('whatever happens', () => {
  it('it is what the naive model is', () => {
    fc.assert(
      fc.property(anySettings, fc.array(action, { maxLength: 80 }), (given, actions) => {
        const model = new BreakerModel();
        let state: BreakerState = NEW_BREAKER;
        let nowMs = AT;
        for (const each of actions) {
          if (each.do === 'wait') nowMs += each.ms;
          else state = step(state, each, given, nowMs).state;
          tellModel(model, each, given, nowMs);
          expect(shown(state)).toEqual({ kind: model.kind, epoch: model.epoch, failures: failuresOf(model) });
          if (state.kind === 'half_open') expect(state.probe?.token).toBe(model.probe?.token);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('calls told together count as calls told one by one', () => {
    const tally = fc.record({
      ok: fc.boolean(),
      count: fc.integer({ min: 1, max: 4 }),
      atMs: fc.integer({ min: AT - 5_000, max: AT }),
    });
    fc.assert(
      fc.property(anySettings, fc.array(tally, { maxLength: 20 }), (given, tallies) => {
        const together = count(
          NEW_BREAKER,
          0,
          tallies.map((each) => ({ ...each, settings: given })),
          AT,
        );
        const apart = tallies
          .flatMap(({ count: times, ...each }) =>
            Array.from({ length: times }, () => ({ ...each, count: 1, settings: given })),
          )
          .reduce((state: BreakerState, each) => count(state, 0, [each], AT).state, NEW_BREAKER);

        expect(together.state).toEqual(apart);
      }),
    );
  });
});

function step(state: BreakerState, each: Exclude<Action, { do: 'wait' }>, given: BreakerSettings, nowMs: number): Step {
  switch (each.do) {
    case 'tell': {
      const epoch = each.late ? state.epoch - 1 : state.epoch;
      return count(
        state,
        epoch,
        [{ ok: each.ok, count: each.times, atMs: nowMs - each.agoMs, settings: given }],
        nowMs,
      );
    }
    case 'ask':
      return takeProbe(state, { token: String(each.token), expiresAtMs: nowMs + each.forMs }, nowMs);
    case 'settle':
      return settleProbe(state, String(each.token), each.verdict, given, nowMs);
    case 'force':
      return force(state, each.to, { by: 'ann', reason: 'so', untilMs: nowMs + each.forMs }, nowMs);
  }
}

function tellModel(model: BreakerModel, each: Action, given: BreakerSettings, nowMs: number): void {
  if (each.do === 'tell') {
    const epoch = each.late ? model.epoch - 1 : model.epoch;
    const call = { ok: each.ok, atMs: nowMs - each.agoMs };
    for (let time = 0; time < each.times; time++) model.tell(epoch, call, given, nowMs);
  }
  if (each.do === 'ask') model.ask(String(each.token), nowMs + each.forMs, nowMs);
  if (each.do === 'settle') model.settle(String(each.token), each.verdict, given, nowMs);
  if (each.do === 'force') model.force(each.to, nowMs + each.forMs);
}

function failuresOf(model: BreakerModel): number {
  return model.kind === 'closed' ? model.failures : 0;
}

function shown(state: BreakerState) {
  return { kind: state.kind, epoch: state.epoch, failures: state.kind === 'closed' ? state.failures : 0 };
}
