// What changes from one text to another, told by marks that are read out too, and not by colour alone.
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { diffTexts } from '../model/text-diff.ts';

export function Diff({ before, after }: { readonly before: string; readonly after: string }): JSX.Element {
  const parts = useMemo(() => diffTexts(before, after), [before, after]);
  return (
    <p class="diff">
      {parts.map(({ kind, text }) =>
        kind === 'same' ? text : kind === 'added' ? <ins>{text}</ins> : <del>{text}</del>,
      )}
    </p>
  );
}
