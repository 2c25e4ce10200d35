// How a breaker looks, and what becomes of it, in words. Pure.
import type { Breaker } from '../api/people-shapes.ts';
import type { Look } from './status.ts';

const LOOKS: Readonly<Record<Breaker['state'], Look>> = {
  closed: { word: 'closed', tone: 'good', sign: 'check' },
  open: { word: 'open', tone: 'bad', sign: 'cross' },
  half_open: { word: 'half open', tone: 'warn', sign: 'ask' },
};

export function lookOfBreaker(state: Breaker['state']): Look {
  return LOOKS[state];
}

const MEANINGS: Readonly<Record<Breaker['state'], string>> = {
  closed: 'Calls go through.',
  open: 'Calls are refused until a probe.',
  half_open: 'One call at a time tries whether the service is back.',
};

export function meaningOf({ state, forced }: Pick<Breaker, 'state' | 'forced'>): string {
  if (!forced) return MEANINGS[state];
  return state === 'open'
    ? 'By an operator: every call is refused.'
    : 'By an operator: every call goes, none is counted.';
}
