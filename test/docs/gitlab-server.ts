// A server that behaves like GitLab's issues API, as far as the example tool needs it. https://docs.gitlab.com/api/issues/
import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { startVendor, type Received, type VendorServer } from '../tools/vendor-server.ts';

export interface Issue {
  readonly iid: number;
  readonly title: string;
  readonly description: string;
  state: 'opened' | 'closed';
}

export interface GitLab extends AsyncDisposable {
  readonly url: string;
  readonly issues: readonly Issue[];
  readonly received: VendorServer['received'];
  /** The next issue is opened, and nobody hears of it. */
  loseNextAnswer(): void;
}

const TOKEN = 'glpat-of-this-test';
export const environment = { GITLAB_TOKEN: TOKEN };

const PATH = /^\/projects\/acme%2Fwebsite\/issues(?:\/(\d+))?(?:\?(.*))?$/;
const opening = z.strictObject({ title: z.string().min(1), description: z.string() });
const closing = z.strictObject({ state_event: z.literal('close') });

export async function startGitLab(): Promise<GitLab> {
  const issues: Issue[] = [];
  let loseNext = false;
  const open = (body: unknown) => {
    const issue: Issue = { iid: issues.length + 1, ...opening.parse(body), state: 'opened' };
    issues.push(issue);
    return issue;
  };
  const handle = (response: ServerResponse, { method, path, headers, body }: Received): void => {
    const [matched, iid, search] = PATH.exec(path) ?? [];
    if (headers['private-token'] !== TOKEN) return answer(response, 401, { message: '401 Unauthorized' });
    if (matched === undefined) return answer(response, 404, { message: '404 Project Not Found' });
    if (method === 'GET') return answer(response, 200, find(issues, new URLSearchParams(search)).map(shown));
    if (method === 'POST') {
      const issue = open(body);
      if (!loseNext) return answer(response, 201, shown(issue));
      loseNext = false;
      response.destroy();
      return;
    }
    const issue = issues.find((each) => String(each.iid) === iid);
    if (!issue) return answer(response, 404, { message: '404 Not found' });
    closing.parse(body);
    issue.state = 'closed';
    answer(response, 200, shown(issue));
  };
  const server = await startVendor(handle);
  return {
    url: server.url,
    issues,
    received: server.received,
    loseNextAnswer: () => (loseNext = true),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function find(issues: readonly Issue[], query: URLSearchParams): readonly Issue[] {
  const text = query.get('search') ?? '';
  return query.get('in') === 'description' ? issues.filter(({ description }) => description.includes(text)) : issues;
}

function shown(issue: Issue) {
  return { ...issue, web_url: `https://gitlab.example/acme/website/-/issues/${issue.iid}` };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
