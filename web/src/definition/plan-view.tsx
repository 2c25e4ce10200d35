// What a run would do, as the API plans it: calls with their arguments, whom it asks, what it lacks, and what would be taken back.
import type { JSX } from 'preact';
import type { Plan, PlannedNode } from '../api/people-shapes.ts';
import type { Json } from '../api/shapes.ts';
import { gapsOf, textOf } from '../model/plan.ts';

export function PlanView({ plan }: { readonly plan: Plan }): JSX.Element {
  const gaps = gapsOf(plan);
  return (
    <section class="card plan" aria-label="What it would do">
      <h2>What it would do</h2>
      {gaps.length > 0 && (
        <div class="notice tone-warn">
          <ul>
            {gaps.map((gap) => (
              <li>{gap}</li>
            ))}
          </ul>
        </div>
      )}
      <ol class="waves">
        {plan.waves.map((wave) => (
          <li>
            {wave.map((node) => (
              <Planned key={node.id} node={node} isCritical={plan.criticalPath.nodes.includes(node.id)} />
            ))}
          </li>
        ))}
      </ol>
      <p class="soft">
        Critical path, {plan.criticalPath.longest} at most: {plan.criticalPath.nodes.join(' → ')}
      </p>
      {plan.compensation.length > 0 && (
        <p class="soft">
          Taken back, first to last:{' '}
          {plan.compensation.map((step) => step.map(({ undoes }) => undoes).join(', ')).join(' → ')}
        </p>
      )}
    </section>
  );
}

interface PlannedProps {
  readonly node: PlannedNode;
  readonly isCritical: boolean;
}

function Planned({ node, isCritical }: PlannedProps): JSX.Element {
  const { id, kind, when, call, items, asks, compensation } = node;
  return (
    <details class="planned">
      <summary>
        <code>{id}</code> <span class="soft">{call ? `${call.tool}.${call.action}` : kind}</span>
        {when === false && <span class="label">skipped</span>}
        {isCritical && <span class="label">critical</span>}
        {compensation === 'none' && <span class="label tone-warn">nothing takes it back</span>}
        {compensation === 'irreversible' && <span class="label tone-warn">irreversible</span>}
      </summary>
      {items !== undefined && <p>For each of {textOf(items)}</p>}
      {call && <pre>{JSON.stringify(call.arguments, null, 2)}</pre>}
      {asks && <Asks asks={asks} />}
    </details>
  );
}

function Asks({ asks }: { readonly asks: NonNullable<PlannedNode['asks']> }): JSX.Element {
  return (
    <>
      <p>
        Asks {listOf(asks.approvers)}: “{textOf(asks.title)}”, {asks.quorum} of them, within {asks.timeout}.
      </p>
      <ul>
        {asks.tells.map(({ after, tool, to, asks: added }) => (
          <li>
            {after === undefined ? 'At once' : `After ${after}`}: {tool} to {textOf(to)}
            {added !== undefined && `, which asks ${listOf(added)} too`}
          </li>
        ))}
      </ul>
    </>
  );
}

function listOf(value: Json): string {
  return Array.isArray(value) ? value.map(textOf).join(', ') : textOf(value);
}
