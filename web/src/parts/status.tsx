// A status in words, with its sign and tone.
import type { JSX } from 'preact';
import type { Look } from '../model/status.ts';
import { Sign } from './sign.tsx';

export function Status({ look }: { readonly look: Look }): JSX.Element {
  return (
    <span class={`status tone-${look.tone}`}>
      <Sign name={look.sign} />
      {look.word}
    </span>
  );
}
