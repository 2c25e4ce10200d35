// A question as whoever decides it needs to see it: what is asked, of whom, until when, and what silence means.
import type { ComponentChildren, JSX } from 'preact';
import type { Approval } from '../api/people-shapes.ts';
import { lookOfApproval, SILENCE } from '../model/approval.ts';
import { RunLink } from '../parts/run-link.tsx';
import { Status } from '../parts/status.tsx';
import { When } from '../parts/when.tsx';

export function Question({ asked }: { readonly asked: Approval }): JSX.Element {
  const { status, body, runId, node, approvers, quorum, approvals, deadline, onTimeout, requester } = asked;
  return (
    <section class="card question" aria-label="The question">
      <p class="run-status">
        <Status look={lookOfApproval(status)} />
        {status === 'pending' && (
          <span>
            Deadline <When at={deadline} />: {SILENCE[onTimeout]}
          </span>
        )}
      </p>
      {body !== null && <p class="body-text">{body}</p>}
      <dl class="facts wide-facts">
        <Entry name="Asked">{approvers.join(', ')}</Entry>
        <Entry name="Approvals">
          {approvals} of {quorum}
        </Entry>
        <Entry name="Run">
          <RunLink id={runId} /> started by {requester}
        </Entry>
        <Entry name="Node">
          <code>{node}</code>
        </Entry>
      </dl>
    </section>
  );
}

function Entry({ name, children }: { readonly name: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
