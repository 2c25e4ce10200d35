// Holds one request, and one answer, against a vendor's contract: what is written by hand, and its own description. Pure.
import { z, type ZodType } from 'zod';
import type { Description, Operation, VendorContract } from './contract.ts';
import type { WireRequest } from './traffic.ts';

export interface Judge {
  /** What is wrong with it, in words; a request for no operation is wrong. */
  requestFaults(request: WireRequest): string[];
  answerFaults(request: WireRequest, status: number, body: unknown): string[];
  operationOf(request: WireRequest): Operation | undefined;
  describes(request: WireRequest): boolean;
  /** `GET /v1/pages/1?page_size=2`, as the cases list requests. */
  labelOf(request: WireRequest): string;
  /** The headers that this request must carry. */
  headersOf(request: WireRequest): Readonly<Record<string, string>>;
}

export function createJudge(contract: VendorContract, description: Description | undefined): Judge {
  const patterns = contract.operations.map((operation) => ({ operation, pattern: patternOf(operation.route) }));
  const nameOf = (request: WireRequest) => [`${request.method} ${request.path}`, ...named(contract, request)].join(' ');
  const operationOf = (request: WireRequest) =>
    patterns.find(({ pattern }) => pattern.test(nameOf(request)))?.operation;
  const describes = (request: WireRequest) => description?.describes(request) ?? false;
  const headersOf = (request: WireRequest) => headersFor(contract, operationOf(request), request);
  return {
    operationOf,
    describes,
    headersOf,
    labelOf: (request) => `${nameOf(request)}${queryText(request.query)}`,
    requestFaults(request) {
      const operation = operationOf(request);
      if (!operation) return [`${nameOf(request)} is no operation of ${contract.tool.name}`];
      return [
        ...headerFaults(headersOf(request), request, operation),
        ...bodyFaults(operation, request),
        ...descriptionFaults(description, operation, request),
      ].map((fault) => `${nameOf(request)}: ${fault}`);
    },
    answerFaults(request, status, body) {
      const byHand = operationOf(request)?.answer;
      if (byHand) return status < 300 ? shapeFaults('the answer', byHand, body) : [];
      return describes(request) ? (description?.answerFaults(request, status, body) ?? []) : [];
    },
  };
}

function named({ nameOf }: VendorContract, request: WireRequest): string[] {
  return nameOf ? [nameOf(request)] : [];
}

function patternOf(route: string): RegExp {
  const parts = route.split(/(\{\w+\+?\})/).map((part) => {
    if (!part.startsWith('{')) return escaped(part);
    return part.endsWith('+}') ? '.+' : '[^/]+';
  });
  return new RegExp(`^${parts.join('')}$`);
}

const escaped = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);

/** Are these the requests that a case lists? The same `<name>` stands for the same text in all of them. */
export function areAsListed(expected: readonly string[], labels: readonly string[]): boolean {
  const known = new Set<string>();
  const parts = expected.join('\n').split(/<(\w+)>/);
  const pattern = parts.map((part, index) => {
    if (index % 2 === 0) return escaped(part);
    const again = known.has(part);
    known.add(part);
    return again ? `\\k<${part}>` : `(?<${part}>[^/&\n]+)`;
  });
  return new RegExp(`^${pattern.join('')}$`).test(labels.join('\n'));
}

function queryText(query: Readonly<Record<string, string>>): string {
  const parts = Object.entries(query).map(([name, value]) => `${name}=${value}`);
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

function headersFor(
  { headers }: VendorContract,
  operation: Operation | undefined,
  { body }: WireRequest,
): Readonly<Record<string, string>> {
  if (operation?.open) return { 'content-type': 'application/octet-stream' };
  return { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) };
}

function headerFaults(
  required: Readonly<Record<string, string>>,
  { headers }: WireRequest,
  { open }: Operation,
): string[] {
  const wrong = Object.entries(required).filter(([name, value]) => headers[name] !== value);
  const faults = wrong.map(([name, value]) => `header ${name} must be "${value}"`);
  return open && 'authorization' in headers ? [...faults, 'header authorization must stay away'] : faults;
}

/** Where the vendor describes itself, a request it knows nothing of must at least have its answer written by hand. */
function descriptionFaults(
  description: Description | undefined,
  { answer, answerUnread }: Operation,
  request: WireRequest,
): string[] {
  if (!description) return [];
  if (description.describes(request)) return description.requestFaults(request);
  return answer || answerUnread ? [] : ['neither the description nor anyone says what it answers'];
}

function bodyFaults({ body: expected }: Operation, { body }: WireRequest): string[] {
  return shapeFaults('the body', expected ?? z.undefined(), body);
}

function shapeFaults(what: string, expected: ZodType, value: unknown): string[] {
  const parsed = expected.safeParse(value);
  if (parsed.success) return [];
  return parsed.error.issues.map(({ path, message }) => `${what}/${path.join('/')}: ${message}`);
}
