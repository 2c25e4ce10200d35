// Appending to CEL lists. The library's own `+` nests one list inside another, so that the result of `map` over 5,000 items overflows the stack.
import { celList, celListConcat } from '@bufbuild/cel';
import type { CelList } from '@bufbuild/cel';
import { spend } from './cel-budget.ts';

// A list made here is a few runs, each less than half as long as the one before it: an item is copied log n times in all.
const runsOf = new WeakMap<CelList, readonly CelList[]>();

export function concatLists(left: CelList, right: CelList): CelList {
  const runs: CelList[] = [...(runsOf.get(left) ?? [left])];
  for (const run of runsOf.get(right) ?? [right]) append(runs, run);
  const list = celListConcat(...runs);
  runsOf.set(list, runs);
  return list;
}

function append(runs: CelList[], added: CelList): void {
  let run = added;
  for (let last = runs.at(-1); last && last.size <= 2 * run.size; last = runs.at(-1)) {
    spend(1 + (last.size + run.size) / 16);
    run = celList([...last, ...run]);
    runs.pop();
  }
  runs.push(run);
}
