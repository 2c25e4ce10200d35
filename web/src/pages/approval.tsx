// One question: what is asked, deciding it, and who decided what.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { get } from '../api/client.ts';
import { approval as approvalShape, approvalContent, type Approval } from '../api/people-shapes.ts';
import { AnswerForm } from '../approval/answer.tsx';
import { OperateQuestion } from '../approval/operate.tsx';
import { Question } from '../approval/question.tsx';
import { useRepeatedly } from '../live.ts';
import { may } from '../me.ts';
import { DECIDED } from '../model/approval.ts';
import type { Content } from '../model/edits.ts';
import { useNews } from '../news.ts';
import { JsonView } from '../parts/json-view.tsx';
import { WhenLoaded } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { useLoaded } from '../parts/use-loaded.ts';
import { When } from '../parts/when.tsx';
import type { PageProps } from './index.ts';

const LOOK_EVERY_MS = 30_000;

interface Shown {
  readonly asked: Approval;
  readonly contents: readonly Content[];
}

export function ApprovalPage({ params }: PageProps): JSX.Element {
  const path = `/v1/approvals/${encodeURIComponent(params['id'] ?? '')}`;
  const loaded = useLoaded(path, async (signal): Promise<Shown> => {
    const asked = await get(path, approvalShape, signal);
    if (asked.editable.length === 0) return { asked, contents: [] };
    return { asked, contents: (await get(`${path}/content`, approvalContent, signal)).items };
  });
  useNews(loaded.reload, ['approval.']);
  useRepeatedly(loaded.reload, LOOK_EVERY_MS);
  const { data, reload } = loaded;
  return (
    <Page
      title={data?.asked.title ?? 'Question'}
      actions={data && <OperateQuestion asked={data.asked} onDone={reload} />}
    >
      <WhenLoaded loaded={loaded}>{(shown) => <Body {...shown} onDone={reload} />}</WhenLoaded>
    </Page>
  );
}

function Body({ asked, contents, onDone }: Shown & { readonly onDone: () => void }): JSX.Element {
  // What was begun to be edited stays while the question is looked at again.
  const first = useSignal(contents);
  return (
    <div class="asked">
      <Question asked={asked} />
      <Decisions asked={asked} />
      {asked.status === 'pending' && may('approver') && (
        <AnswerForm key={asked.id} asked={asked} contents={first.value} onDone={onDone} />
      )}
      {asked.status !== 'pending' && contents.map(({ node, output }) => <JsonView name={node} value={output} />)}
    </div>
  );
}

function Decisions({ asked: { decisions } }: { readonly asked: Approval }): JSX.Element | null {
  if (decisions.length === 0) return null;
  return (
    <section class="card decisions" aria-label="Decisions">
      <ul>
        {decisions.map(({ decision, by, via, reason, at, edits }) => (
          <li>
            <strong>{by ?? 'The deadline'}</strong> {DECIDED[decision]} <When at={at} />{' '}
            <span class="soft">via {via}</span>
            {reason !== null && <p class="body-text">{reason}</p>}
            {edits !== null && <JsonView name="Edits" value={edits} />}
          </li>
        ))}
      </ul>
    </section>
  );
}
