// Figma's error answers. Most endpoints give `err`; those for library content give `error: true` and a message. Pure.
import { type Answer, Refusal } from '../../vendor.ts';

const MESSAGES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  403: 'Invalid token',
  404: 'Not found',
  429: 'Rate limit exceeded',
};

const headersOf = (status: number): Record<string, string> => (status === 429 ? { 'retry-after': '1' } : {});

export function refusal(status: number, message = MESSAGES[status] ?? 'Internal server error'): Answer {
  return { status, headers: headersOf(status), body: { status, err: message } };
}

export function refuse(status: number, message?: string): never {
  throw new Refusal(refusal(status, message));
}

export function refuseLibrary(status: number, message: string): never {
  throw new Refusal({ status, body: { status, error: true, message, i18n: null } });
}
