// What changed from one text to another, word by word where that is not too long, else line by line or whole. Pure.

/** A stretch of text: in both, only in the earlier, or only in the later one. */
export interface DiffPart {
  readonly kind: 'same' | 'removed' | 'added';
  readonly text: string;
}

/** The comparison takes this many steps at most; longer texts are compared more coarsely. */
const MAX_STEPS = 250_000;

/** Its parts but the added ones are `before`, its parts but the removed ones are `after`. */
export function diffTexts(before: string, after: string): DiffPart[] {
  for (const split of [words, lines]) {
    const parts = diffTokens(split(before), split(after));
    if (parts) return joined(parts);
  }
  return joined([
    { kind: 'removed', text: before },
    { kind: 'added', text: after },
  ]);
}

const words = (text: string): string[] => text.match(/\s+|[^\s]+/g) ?? [];
const lines = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+/g) ?? [];

/** Undefined when that would take too long. */
function diffTokens(before: readonly string[], after: readonly string[]): DiffPart[] | undefined {
  const start = commonStart(before, after);
  const end = commonStart(before.slice(start).toReversed(), after.slice(start).toReversed());
  const left = before.slice(start, before.length - end);
  const right = after.slice(start, after.length - end);
  if (left.length * right.length > MAX_STEPS) return undefined;
  return [
    ...before.slice(0, start).map(same),
    ...alignTokens(left, right),
    ...before.slice(before.length - end).map(same),
  ];
}

function commonStart(a: readonly string[], b: readonly string[]): number {
  const length = Math.min(a.length, b.length);
  const differs = a.slice(0, length).findIndex((token, at) => token !== b[at]);
  return differs === -1 ? length : differs;
}

// The longest common subsequence, by the table of the lengths that are left.
function alignTokens(left: readonly string[], right: readonly string[]): DiffPart[] {
  const width = right.length + 1;
  const longest = new Uint32Array((left.length + 1) * width);
  const at = (row: number, column: number): number => longest[row * width + column] ?? 0;
  for (let row = left.length - 1; row >= 0; row--) {
    for (let column = right.length - 1; column >= 0; column--) {
      longest[row * width + column] =
        left[row] === right[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const parts: DiffPart[] = [];
  let [row, column] = [0, 0];
  while (row < left.length || column < right.length) {
    const [own = '', other = ''] = [left[row], right[column]];
    if (row < left.length && column < right.length && own === other) {
      parts.push(same(own));
      row += 1;
      column += 1;
    } else if (column === right.length || (row < left.length && at(row + 1, column) >= at(row, column + 1))) {
      parts.push({ kind: 'removed', text: own });
      row += 1;
    } else {
      parts.push({ kind: 'added', text: other });
      column += 1;
    }
  }
  return parts;
}

const same = (text: string): DiffPart => ({ kind: 'same', text });

// Neighbours of a kind as one, what is removed before what is added, and nothing empty.
function joined(parts: readonly DiffPart[]): DiffPart[] {
  const runs: DiffPart[] = [];
  let [removed, added] = ['', ''];
  const flush = (): void => {
    if (removed !== '') runs.push({ kind: 'removed', text: removed });
    if (added !== '') runs.push({ kind: 'added', text: added });
    [removed, added] = ['', ''];
  };
  let kept = '';
  for (const { kind, text } of parts) {
    if (kind === 'same') {
      flush();
      kept += text;
      continue;
    }
    if (kept !== '') runs.push(same(kept));
    kept = '';
    if (kind === 'removed') removed += text;
    else added += text;
  }
  flush();
  if (kept !== '') runs.push(same(kept));
  return runs;
}
