// What may be done about a question beside answering it: asking others, and taking it back.
import { useSignal } from '@preact/signals';
import type { JSX, TargetedSubmitEvent } from 'preact';
import { post } from '../api/client.ts';
import { approval as approvalShape, type Approval } from '../api/people-shapes.ts';
import { may } from '../me.ts';
import { approversIn } from '../model/approval.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Failure } from '../parts/notice.tsx';

const DEEDS = {
  reassign: { name: 'Ask others', says: 'Whoever was asked so far is asked no more. Deadline and edits stay.' },
  withdraw: { name: 'Withdraw', says: 'The question is taken back: its node fails with APPROVAL_WITHDRAWN.' },
} as const;
type Deed = keyof typeof DEEDS;

interface OperateProps {
  readonly asked: Approval;
  readonly onDone: (asked: Approval) => void;
}

export function OperateQuestion({ asked, onDone }: OperateProps): JSX.Element | null {
  const deed = useSignal<Deed | undefined>(undefined);
  if (asked.status !== 'pending') return null;
  return (
    <>
      {(may('operator') || may('approver')) && (
        <button class="button" onClick={() => (deed.value = 'reassign')}>
          {DEEDS.reassign.name}
        </button>
      )}
      {may('operator') && (
        <button class="button danger" onClick={() => (deed.value = 'withdraw')}>
          {DEEDS.withdraw.name}
        </button>
      )}
      {deed.value && (
        <DeedDialog deed={deed.value} asked={asked} onDone={onDone} onClose={() => (deed.value = undefined)} />
      )}
    </>
  );
}

interface DeedDialogProps extends OperateProps {
  readonly deed: Deed;
  readonly onClose: () => void;
}

function DeedDialog({ deed, asked, onDone, onClose }: DeedDialogProps): JSX.Element {
  const problem = useSignal<unknown>(undefined);
  const onSubmit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const reason = textIn(form, 'reason');
    const body = {
      ...(reason !== '' && { reason }),
      ...(deed === 'reassign' && { approvers: approversIn(textIn(form, 'approvers')) }),
    };
    post(`/v1/approvals/${asked.id}/${deed}`, body, approvalShape)
      .then((changed) => {
        onDone(changed);
        onClose();
        return changed;
      })
      .catch((error: unknown) => (problem.value = error));
  };
  const { name, says } = DEEDS[deed];
  return (
    <Dialog title={name} onClose={onClose}>
      <form class="dialog-form" onSubmit={onSubmit}>
        <p class="soft">{says}</p>
        {deed === 'reassign' && (
          <label class="field">
            <span>Whom to ask, such as role:director, user:ann</span>
            <input name="approvers" required autocomplete="off" defaultValue={asked.approvers.join(', ')} />
          </label>
        )}
        <label class="field">
          <span>Reason</span>
          <input name="reason" maxLength={4_000} autocomplete="off" />
        </label>
        {problem.value !== undefined && <Failure error={problem.value} />}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            Leave it
          </button>
          <button class={`button ${deed === 'withdraw' ? 'danger' : 'primary'}`}>{name}</button>
        </div>
      </form>
    </Dialog>
  );
}

function textIn(form: FormData, name: string): string {
  const text = form.get(name);
  return typeof text === 'string' ? text.trim() : '';
}
