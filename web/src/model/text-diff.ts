// What changed from one text to another, word by word; a long one by what is the same at both ends. Pure.

/** A stretch of text: in both, only in the earlier, or only in the later one. */
export interface DiffPart {
  readonly kind: 'same' | 'removed' | 'added';
  readonly text: string;
}

/** The comparison takes this many steps at most. */
const MAX_STEPS = 250_000;

/** Its parts but the added ones are `before`, its parts but the removed ones are `after`. */
export function diffTexts(before: string, after: string): DiffPart[] {
  const [from, to] = [wordsOf(before), wordsOf(after)];
  const start = sameAtStart(from, to);
  const end = sameAtStart(from.slice(start).toReversed(), to.slice(start).toReversed());
  const [left, right] = [from.slice(start, from.length - end), to.slice(start, to.length - end)];
  const same = (words: readonly string[]): DiffPart => ({ kind: 'same', text: words.join('') });
  return joined([same(from.slice(0, start)), ...differing(left, right), same(from.slice(from.length - end))]);
}

function wordsOf(text: string): string[] {
  return text.match(/\s+|[^\s]+/g) ?? [];
}

function sameAtStart(left: readonly string[], right: readonly string[]): number {
  const differs = left.findIndex((word, at) => word !== right[at]);
  return differs === -1 ? Math.min(left.length, right.length) : differs;
}

function differing(left: readonly string[], right: readonly string[]): DiffPart[] {
  if (left.length * right.length > MAX_STEPS) {
    return [
      { kind: 'removed', text: left.join('') },
      { kind: 'added', text: right.join('') },
    ];
  }
  return alongLongestCommon(left, right);
}

// `common[i][j]`: how many words the rests from i and from j have in common, in order.
function alongLongestCommon(left: readonly string[], right: readonly string[]): DiffPart[] {
  const common = left.map(() => Array.from({ length: right.length + 1 }, () => 0));
  const shared = (i: number, j: number): number => common[i]?.[j] ?? 0;
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      common[i]![j] = left[i] === right[j] ? shared(i + 1, j + 1) + 1 : Math.max(shared(i + 1, j), shared(i, j + 1));
    }
  }
  const parts: DiffPart[] = [];
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      parts.push({ kind: 'same', text: left[i]! });
      i++;
      j++;
    } else if (i < left.length && (j === right.length || shared(i + 1, j) >= shared(i, j + 1))) {
      parts.push({ kind: 'removed', text: left[i++]! });
    } else parts.push({ kind: 'added', text: right[j++]! });
  }
  return parts;
}

function joined(parts: readonly DiffPart[]): DiffPart[] {
  const all: DiffPart[] = [];
  for (const part of parts) {
    const last = all.at(-1);
    if (part.text === '') continue;
    if (last?.kind === part.kind) all[all.length - 1] = { kind: part.kind, text: last.text + part.text };
    else all.push(part);
  }
  return all;
}
