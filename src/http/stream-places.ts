// How many streams this process keeps open, in all and for one caller.
import { RateLimitedError } from './rate-limit.ts';

const MAX_STREAMS = 500;
const MAX_STREAMS_OF_CALLER = 20;
const RETRY_AFTER_MS = 5_000;

export interface StreamPlaces {
  /** Throws a RateLimitedError when none is left. Returns what gives the place up. */
  take(caller: string): () => void;
}

export function createStreamPlaces(most = MAX_STREAMS, mostOfCaller = MAX_STREAMS_OF_CALLER): StreamPlaces {
  const taken = new Map<string, number>();
  let all = 0;
  return {
    take(caller) {
      const own = taken.get(caller) ?? 0;
      if (own >= mostOfCaller) throw tooMany(`You have ${own} streams open, the most that one caller may; close one.`);
      if (all >= most) throw tooMany(`This process has ${all} streams open, the most that it may; come again.`);
      taken.set(caller, own + 1);
      all += 1;
      return () => {
        all -= 1;
        const left = (taken.get(caller) ?? 1) - 1;
        if (left > 0) taken.set(caller, left);
        else taken.delete(caller);
      };
    },
  };
}

function tooMany(message: string): RateLimitedError {
  return new RateLimitedError(message, RETRY_AFTER_MS);
}
