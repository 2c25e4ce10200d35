// Grafana's error answers: a message, and with a refused save also why. Pure.
import { type Answer, Refusal } from '../../vendor.ts';

const MESSAGES: Readonly<Record<number, string>> = {
  400: 'bad request data',
  401: 'Unauthorized',
  403: "You'll need additional permissions to perform this action",
  404: 'Not found',
  412: 'The dashboard has been changed by someone else',
  429: 'Too many requests',
  503: 'Service Unavailable',
};

export function refusal(
  status: number,
  message = MESSAGES[status] ?? 'Internal server error',
  reason?: 'version-mismatch',
): Answer {
  const headers: Record<string, string> = status === 429 ? { 'retry-after': '1' } : {};
  return { status, headers, body: { message, status: reason } };
}

export function refuse(...args: Parameters<typeof refusal>): never {
  throw new Refusal(refusal(...args));
}
