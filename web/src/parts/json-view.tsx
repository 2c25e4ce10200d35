// A value as JSON: text, never markup; a long one is cut until somebody wants all of it.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { Json } from '../api/shapes.ts';
import { Sign } from './sign.tsx';

const MOST_CHARACTERS = 4_000;

interface JsonViewProps {
  readonly name: string;
  readonly value: Json;
}

export function JsonView({ name, value }: JsonViewProps): JSX.Element {
  const isWhole = useSignal(false);
  const isCopied = useSignal(false);
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  const isCut = text.length > MOST_CHARACTERS && !isWhole.value;
  const copy = (): void => {
    void navigator.clipboard.writeText(text).then(() => (isCopied.value = true));
  };
  return (
    <section class="json" aria-label={name}>
      <div class="json-head">
        <strong>{name}</strong>
        <button class="button small" onClick={copy}>
          <Sign name={isCopied.value ? 'check' : 'copy'} />
          {isCopied.value ? 'Copied' : 'Copy'}
        </button>
      </div>
      <pre tabIndex={0}>{isCut ? `${text.slice(0, MOST_CHARACTERS)} …` : text}</pre>
      {isCut && (
        <button class="button small" onClick={() => (isWhole.value = true)}>
          Show all {text.length.toLocaleString('en')} characters
        </button>
      )}
    </section>
  );
}
