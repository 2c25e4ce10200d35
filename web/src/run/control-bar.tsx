// The verbs that the run's status allows, each with a look at what it would do before it is asked for.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import type { RunGraph } from '../api/run-shapes.ts';
import type { Run } from '../api/shapes.ts';
import { may } from '../me.ts';
import { VERB_WORDS, verbsFor, type Verb } from '../model/verbs.ts';
import { ControlDialog } from './control-dialog.tsx';

interface ControlBarProps {
  readonly run: Run;
  readonly graph?: RunGraph;
  readonly selected?: string;
  readonly onDone: () => void;
}

export function ControlBar({ run, graph, selected, onDone }: ControlBarProps): JSX.Element | null {
  const asked = useSignal<Verb | undefined>(undefined);
  if (!may('operator')) return null;
  return (
    <>
      {verbsFor(run.status).map((verb) => (
        <button class={`button ${VERB_WORDS[verb].isDangerous ? 'danger' : ''}`} onClick={() => (asked.value = verb)}>
          {VERB_WORDS[verb].name}
        </button>
      ))}
      {asked.value !== undefined && (
        <ControlDialog
          key={asked.value}
          verb={asked.value}
          run={run}
          graph={graph}
          selected={selected}
          onClose={() => (asked.value = undefined)}
          onDone={onDone}
        />
      )}
    </>
  );
}
