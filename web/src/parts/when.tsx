// A time as it is from now, with the exact one on asking. The clock of the page ticks for all of them at once.
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { clockText, durationText, relativeText } from '../model/time.ts';

/** By this machine's clock, each second while the page is seen. */
export const nowMs = signal(Date.now());

export function startClock(): void {
  setInterval(() => {
    if (document.visibilityState === 'visible') nowMs.value = Date.now();
  }, 1_000);
}

export function When({ at }: { readonly at: string }): JSX.Element {
  const atMs = Date.parse(at);
  return (
    <time dateTime={at} title={clockText(atMs)}>
      {relativeText(atMs, nowMs.value)}
    </time>
  );
}

/** How long it took, or takes until now. */
export function Lasting({ from, to }: { readonly from: string; readonly to?: string }): JSX.Element {
  const endMs = to === undefined ? nowMs.value : Date.parse(to);
  return <span class="number">{durationText(endMs - Date.parse(from))}</span>;
}
