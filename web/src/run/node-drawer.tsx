// All that is known of one node: how it stands, each attempt with what it was given and gave, its key, and what took it back.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Fact, GraphNode } from '../api/run-shapes.ts';
import { asOfRun, lookOfNode, type Attempt, type NodeState } from '../model/node-state.ts';
import { clockText, durationText } from '../model/time.ts';
import { JsonView } from '../parts/json-view.tsx';
import { Sign } from '../parts/sign.tsx';
import { Status } from '../parts/status.tsx';
import { FactLine } from './fact-line.tsx';

interface NodeDrawerProps {
  readonly id: string;
  readonly node?: GraphNode;
  readonly state: NodeState;
  readonly facts: readonly Fact[];
  readonly isOver: boolean;
  readonly onClose: () => void;
}

export function NodeDrawer({ id, node, state, facts, isOver, onClose }: NodeDrawerProps): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), [id]);
  return (
    <aside
      class="drawer"
      aria-labelledby="drawer-title"
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose();
      }}
    >
      <header class="drawer-head">
        <h2 id="drawer-title" tabIndex={-1} ref={heading}>
          {id}
        </h2>
        <button class="icon-button" onClick={onClose}>
          <Sign name="close" />
          <span class="unseen">Close</span>
        </button>
      </header>
      <p>
        <Status look={lookOfNode(asOfRun(state.status, isOver))} />{' '}
        {node?.does !== undefined && <code>{node.does}</code>}
      </p>
      <NodeFacts node={node} state={state} />
      {state.error && (
        <div class="notice tone-bad">
          <strong>{state.error.code}</strong> {state.error.message}
        </div>
      )}
      <Attempts attempts={state.attempts} />
      {state.attempts.length === 0 && state.output !== undefined && <JsonView name="Output" value={state.output} />}
      <Told facts={facts} />
    </aside>
  );
}

function NodeFacts({ node, state }: Pick<NodeDrawerProps, 'node' | 'state'>): JSX.Element {
  const { itemsSettled, items, readyAtMs, settledAtMs } = state;
  return (
    <dl class="facts">
      {node && (
        <>
          <Entry name="After" value={node.dependsOn.join(', ') || 'the start'} />
          <Entry name="Taken back by" value={node.takenBackBy ?? 'nothing'} />
          {node.optional && <Entry name="Optional" value="a failure is let stand" />}
        </>
      )}
      {(items !== undefined || itemsSettled > 0) && (
        <Entry name="Items" value={items === undefined ? `${itemsSettled} settled` : `${itemsSettled} of ${items}`} />
      )}
      {readyAtMs !== undefined && <Entry name="Ready" value={clockText(readyAtMs)} />}
      {settledAtMs !== undefined && <Entry name="Settled" value={clockText(settledAtMs)} />}
    </dl>
  );
}

function Entry({ name, value }: { readonly name: string; readonly value: string }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

const FIRST_SHOWN = 20;

/** The newest first: what it came to is what one looks for. */
function Attempts({ attempts }: { readonly attempts: readonly Attempt[] }): JSX.Element | null {
  const shown = useSignal(FIRST_SHOWN);
  if (attempts.length === 0) return null;
  const ordered = attempts.toReversed();
  return (
    <section aria-label="Attempts">
      <h3 class="drawer-section">
        {attempts.length === 1 ? '1 attempt' : `${attempts.length.toLocaleString('en')} attempts`}
      </h3>
      {ordered.slice(0, shown.value).map((attempt, at) => (
        <AttemptView key={nameOf(attempt)} attempt={attempt} isOpen={at === 0} />
      ))}
      {ordered.length > shown.value && (
        <button class="button small" onClick={() => (shown.value += 100)}>
          Show more
        </button>
      )}
    </section>
  );
}

function nameOf({ side, item, number, startedAtMs }: Attempt): string {
  return `${side} ${item} ${number} ${startedAtMs}`;
}

const RESULT_LOOKS = {
  completed: lookOfNode('completed'),
  failed: lookOfNode('failed'),
  unknown: lookOfNode('unknown'),
  skipped: lookOfNode('skipped'),
} as const;

function AttemptView({ attempt, isOpen }: { readonly attempt: Attempt; readonly isOpen: boolean }): JSX.Element {
  const { side, item, number, result, startedAtMs, endedAtMs, error, input, output, key, executor, data } = attempt;
  const look = side === 'undo' && result === 'completed' ? lookOfNode('compensated') : RESULT_LOOKS[result];
  const externalId = data?.['externalId'];
  return (
    <details class="attempt-view" open={isOpen}>
      <summary>
        <Status look={look} />
        <span>
          {side === 'undo' ? 'Undo' : 'Attempt'} {number}
          {item !== undefined && <span class="soft"> · item {item}</span>}
        </span>
        <span class="number soft">{durationText(endedAtMs - startedAtMs)}</span>
      </summary>
      {error && (
        <p class="attempt-error">
          <strong>{error.code}</strong> {error.message}
        </p>
      )}
      <dl class="facts">
        <Entry name="Began" value={clockText(startedAtMs)} />
        {key !== undefined && <Entry name="Key" value={key} />}
        {typeof externalId === 'string' && <Entry name="The vendor's id" value={externalId} />}
        {executor !== undefined && <Entry name="Executor" value={executor} />}
        {attempt.nextAtMs !== undefined && <Entry name="Next attempt" value={clockText(attempt.nextAtMs)} />}
      </dl>
      {input !== undefined && <JsonView name="Input" value={input} />}
      {output !== undefined && <JsonView name="Output" value={output} />}
    </details>
  );
}

const TOLD = /^(?:approval|wait|child|message|control|run)\./;

/** What no attempt tells: questions and answers, waits, what operators did. */
function Told({ facts }: { readonly facts: readonly Fact[] }): JSX.Element | null {
  const told = facts.filter(({ kind }) => TOLD.test(kind));
  if (told.length === 0) return null;
  return (
    <section aria-label="What happened">
      <h3 class="drawer-section">What happened</h3>
      <ol class="told">
        {told.map((fact) => (
          <li key={fact.id}>
            <FactLine fact={fact} />
          </li>
        ))}
      </ol>
    </section>
  );
}
