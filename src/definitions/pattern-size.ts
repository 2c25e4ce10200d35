// How large a regular expression is once its repetitions are written out: what matching a character with it may cost. Pure.

/** Counts generously: where it is wrong it is too much. */
export function patternSize(pattern: string): number {
  const outer: Frame[] = [];
  let frame: Frame = { sum: 1, last: 0 };
  for (const token of pattern.match(TOKENS) ?? []) {
    if (token === '(') {
      outer.push(frame);
      frame = { sum: 1, last: 0 };
    } else if (token === ')') {
      const inner = frame.sum + frame.last;
      frame = followedBy(outer.pop() ?? { sum: 1, last: 0 }, inner);
    } else {
      frame = REPETITION.test(token) ? repeated(frame, timesOf(token)) : followedBy(frame, 1);
    }
  }
  return outer.reduce((sum, each) => sum + each.sum + each.last, frame.sum + frame.last);
}

/** What stands before the last piece, and the last piece, which a repetition may follow. */
interface Frame {
  readonly sum: number;
  readonly last: number;
}

// A class and an escape are one piece each.
const TOKENS =
  /\\(?:[pP]\{[^}]*\}|Q|x\{[^}]*\}|[\s\S])|\[\^?\]?(?:\\[\s\S]|\[:\^?\w+:\]|[^\]\\])*\]|\{\d+(?:,\d*)?\}|[\s\S]/g;
const REPETITION = /^(?:[*+?]|\{\d+(?:,\d*)?\})$/;

function followedBy({ sum, last }: Frame, size: number): Frame {
  return { sum: sum + last, last: size };
}

function repeated({ sum, last }: Frame, times: number): Frame {
  return { sum, last: last * times + 1 };
}

function timesOf(token: string): number {
  const [, least = '1', most] = /^\{(\d+)(?:,(\d*))?\}$/.exec(token) ?? [];
  return Math.max(1, Number(least) + (most === '' ? 1 : 0), Number(most ?? 0));
}
