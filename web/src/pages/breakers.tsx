// Circuit breakers: how each service does, what it went through, and an operator's word that opens or closes one.
import { useSignal } from '@preact/signals';
import type { JSX, TargetedSubmitEvent } from 'preact';
import { post } from '../api/client.ts';
import { breaker, type Breaker } from '../api/people-shapes.ts';
import { isAdmin, may } from '../me.ts';
import { lookOfBreaker, meaningOf } from '../model/breaker.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Failure } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { PagedList } from '../parts/paged-list.tsx';
import { Status } from '../parts/status.tsx';
import type { Column } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';

const columns: readonly Column<Breaker>[] = [
  { name: 'Service', kind: 'main', cell: ({ service }) => service },
  { name: 'State', cell: ({ state }) => <Status look={lookOfBreaker(state)} /> },
  { name: 'Meaning', kind: 'wide', cell: (each) => <Meaning of={each} /> },
  { name: 'Failures in a row', kind: 'number', cell: ({ failures }) => failures },
  { name: 'Next probe', cell: ({ nextProbeAt }) => (nextProbeAt === undefined ? '–' : <When at={nextProbeAt} />) },
  { name: 'Force', cell: (each) => <Force breaker={each} /> },
];

export function BreakersPage(): JSX.Element {
  return (
    <Page title="Breakers">
      <PagedList
        path="/v1/breakers"
        item={breaker}
        caption="Circuit breakers"
        columns={columns}
        keyOf={({ service }) => service}
        follows={['breaker.']}
        empty="No tool calls a service."
      />
    </Page>
  );
}

function Meaning({ of: each }: { readonly of: Breaker }): JSX.Element {
  const { forced, transitions } = each;
  return (
    <>
      {meaningOf(each)}
      {forced && (
        <p class="soft">
          {forced.by}: {forced.reason}; ends <When at={forced.until} />
        </p>
      )}
      {transitions.length > 0 && (
        <details class="transitions">
          <summary>What it went through</summary>
          <ul>
            {transitions.map(({ from, to, at, why, by }) => (
              <li>
                <When at={at} /> {lookOfBreaker(from).word} → {lookOfBreaker(to).word}: {why}
                {by !== undefined && ` (${by})`}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

// A breaker that all tenants share is for admins.
function Force({ breaker: { service, shared } }: { readonly breaker: Breaker }): JSX.Element {
  const verb = useSignal<Verb | undefined>(undefined);
  if (!may('operator') || (shared && !isAdmin())) return <span class="soft">{shared ? 'for admins' : '–'}</span>;
  return (
    <span class="row-actions">
      <button class="button small danger" onClick={() => (verb.value = 'open')}>
        Open<span class="unseen"> {service}</span>
      </button>
      <button class="button small" onClick={() => (verb.value = 'close')}>
        Close<span class="unseen"> {service}</span>
      </button>
      {verb.value && <ForceDialog service={service} verb={verb.value} onClose={() => (verb.value = undefined)} />}
    </span>
  );
}

const VERBS = {
  open: { name: 'Force open', says: 'Every call of the service is refused for that time; then one call tries it.' },
  close: {
    name: 'Force closed',
    says: 'Every call goes for that time and none is counted; then counting begins at zero.',
  },
} as const;
type Verb = keyof typeof VERBS;

const TIMES = ['1m', '10m', '1h', '6h', '24h'] as const;

interface ForceDialogProps {
  readonly service: string;
  readonly verb: Verb;
  readonly onClose: () => void;
}

function ForceDialog({ service, verb, onClose }: ForceDialogProps): JSX.Element {
  const problem = useSignal<unknown>(undefined);
  const { name, says } = VERBS[verb];
  const onSubmit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const body = Object.fromEntries(new FormData(event.currentTarget));
    post(`/v1/breakers/${encodeURIComponent(service)}/${verb}`, body, breaker)
      .then(onClose)
      .catch((error: unknown) => (problem.value = error));
  };
  return (
    <Dialog title={`${name}: ${service}`} onClose={onClose}>
      <form class="dialog-form" onSubmit={onSubmit}>
        <p class="soft">{says}</p>
        <label class="field">
          <span>For how long</span>
          <select name="for" defaultValue="10m">
            {TIMES.map((time) => (
              <option value={time} selected={time === '10m'}>
                {time}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>Reason</span>
          <input name="reason" required maxLength={500} autocomplete="off" placeholder="Kept in the audit" />
        </label>
        {problem.value !== undefined && <Failure error={problem.value} />}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            Leave it
          </button>
          <button class={`button ${verb === 'open' ? 'danger' : 'primary'}`}>{name}</button>
        </div>
      </form>
    </Dialog>
  );
}
