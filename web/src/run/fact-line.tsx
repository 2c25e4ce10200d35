// One fact in a line: when, what, and what it says besides.
import type { ComponentChildren, JSX } from 'preact';
import type { Fact } from '../api/run-shapes.ts';
import type { Json } from '../api/shapes.ts';
import { clockText } from '../model/time.ts';

export function FactLine({ fact }: { readonly fact: Fact }): JSX.Element {
  return (
    <>
      <time dateTime={fact.at} class="soft number">
        {clockText(Date.parse(fact.at)).slice(11)}
      </time>{' '}
      <code>{fact.kind}</code> <FactWords fact={fact} />
    </>
  );
}

/** Whatever is short enough to be read in a line. */
export function FactWords({ fact: { error, by, data, attempt, item } }: { readonly fact: Fact }): ComponentChildren {
  const parts = [
    item === undefined ? undefined : `item ${item}`,
    attempt === undefined ? undefined : `attempt ${attempt}`,
    error && `${error.code}: ${error.message}`,
    by && `by ${by}`,
    ...Object.entries(data ?? {}).map(([name, value]) => wordsOf(name, value)),
  ];
  return <span class="clamp">{parts.filter((part) => part !== undefined && part !== '').join(' · ')}</span>;
}

function wordsOf(name: string, value: Json): string | undefined {
  if (value === null || name === 'hash') return undefined;
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return `${name}: ${text.length > 120 ? `${text.slice(0, 119)}…` : text}`;
}
