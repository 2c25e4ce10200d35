// Slack's errors: HTTP 200 with `ok: false` and a word. Which of them pass, and what helps against the commonest. Pure.
// https://docs.slack.dev/reference/methods/chat.postMessage#errors
import { z } from 'zod';
import type { Refusal } from './tool.ts';

const refusalBody = z.object({ ok: z.literal(false), error: z.string(), needed: z.string().optional() });

const RATE_LIMITS: ReadonlySet<string> = new Set(['ratelimited', 'rate_limited', 'message_limit_exceeded']);

/** Slack's own troubles. Of the first two it says that some of the operation may have succeeded. */
const THEIRS: ReadonlySet<string> = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
]);

const REMEDIES: Readonly<Record<string, string>> = {
  account_inactive: 'the token belongs to a removed app or workspace',
  channel_not_found: 'is the name or id right, and was the app invited if it is private?',
  invalid_auth: 'is SLACK_BOT_TOKEN right?',
  is_archived: 'unarchive the channel or take another',
  not_authed: 'is SLACK_BOT_TOKEN set?',
  not_in_channel: 'invite the app to the channel: /invite @app',
  token_expired: 'renew SLACK_BOT_TOKEN',
  token_revoked: 'renew SLACK_BOT_TOKEN',
};

export function slackRefusalIn(body: unknown): Refusal | undefined {
  const parsed = refusalBody.safeParse(body);
  if (!parsed.success) return undefined;
  const { error, needed } = parsed.data;
  const remedy = needed === undefined ? REMEDIES[error] : `give the app the scope ${needed} and install it again`;
  return { code: error, reason: remedy === undefined ? error : `${error} (${remedy})`, kind: kindOf(error) };
}

function kindOf(error: string): Refusal['kind'] {
  if (RATE_LIMITS.has(error)) return 'rate_limit';
  return THEIRS.has(error) ? 'theirs' : 'ours';
}
