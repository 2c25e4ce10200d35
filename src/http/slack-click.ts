// Who clicked which button of ours at Slack, out of what Slack sends. Pure.
import { z } from 'zod';
import { BreakwaterError } from '../kernel/index.ts';

export interface SlackClick {
  readonly button: string;
  readonly tenant: string;
  readonly approvalId: string;
  /** The member id of who clicked. */
  readonly member: string;
  /** Where the message stands. */
  readonly channel: string;
}

const payloadShape = z.object({
  type: z.literal('block_actions'),
  user: z.object({ id: z.string().regex(/^[UW][A-Z0-9]{2,}$/) }),
  channel: z.object({ id: z.string() }),
  actions: z.array(z.object({ action_id: z.string(), value: z.string() })).min(1),
});

const valueShape = z.strictObject({ tenant: z.string(), approval: z.string() });

/** Undefined for what is no click on a button of ours. Throws BAD_REQUEST for what Slack does not send. */
export function clickIn(body: string): SlackClick | undefined {
  const payload = parseJson(new URLSearchParams(body).get('payload') ?? '');
  const parsed = payloadShape.safeParse(payload).data;
  const [action] = parsed?.actions ?? [];
  if (!parsed || !action?.action_id.startsWith('breakwater_')) return undefined;
  const value = valueShape.safeParse(parseJson(action.value)).data;
  if (!value) return undefined;
  return {
    button: action.action_id,
    tenant: value.tenant,
    approvalId: value.approval,
    member: parsed.user.id,
    channel: parsed.channel.id,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BreakwaterError('BAD_REQUEST', 'The payload is no JSON.', { cause: error });
  }
}
