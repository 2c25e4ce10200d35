// GitHub's pull requests, which carry our key in their body. https://docs.github.com/en/rest/pulls
import { z } from 'zod';
import { defineAction } from './define-action.ts';
import { branchName, keyMark, repoPath, repository } from './github-repository.ts';
import type { Repository } from './github-repository.ts';
import type { ToolCall } from './tool.ts';

const pull = z.object({
  number: z.int(),
  state: z.enum(['open', 'closed']),
  html_url: z.string(),
  body: z.string().nullish(),
});

const pullInput = z.strictObject({
  ...repository,
  title: z.string().min(1),
  head: branchName.describe('The branch with the changes'),
  base: branchName.default('main').describe('The branch to merge into'),
  body: z.string().default('').describe('Markdown'),
  draft: z.boolean().default(false),
});
const pullOutput = z.object({ number: z.int(), url: z.string(), head: z.string(), base: z.string() });

async function openPullByKey(
  call: ToolCall,
  input: Repository & { head: string; base?: string },
  key: string,
): Promise<z.infer<typeof pull> | undefined> {
  const query = { state: 'open', head: `${input.owner}:${input.head}`, base: input.base, per_page: 100 };
  const open = await call.http.request('GET', [...repoPath(input), 'pulls'], { query, expect: z.array(pull) });
  return open.find(({ body }) => body?.includes(keyMark(key)));
}

export const createPullRequest = defineAction({
  description: 'Opens a pull request.',
  input: pullInput,
  output: pullOutput,
  effect: true,
  idOf: ({ number }) => `#${number}`,
  keyedBy: 'probe',
  async run(call, input) {
    const { title, head, base, draft } = input;
    const body = `${input.body}\n\n<!-- ${keyMark(call.key)} -->`;
    const json = { title, head, base, body, draft };
    const made = await call.http.request('POST', [...repoPath(input), 'pulls'], { json, expect: pull });
    return { number: made.number, url: made.html_url, head, base };
  },
  async probe(call, input) {
    const found = await openPullByKey(call, input, call.key);
    return found && { number: found.number, url: found.html_url, head: input.head, base: input.base };
  },
  undo: {
    close_pull_request: ({ input: { owner, repo, head }, result, key }) =>
      result ? { owner, repo, number: result.number } : { owner, repo, head, opened_by: key },
  },
});

const closePullInput = z
  .strictObject({
    ...repository,
    number: z.int().positive().optional(),
    head: branchName.optional(),
    opened_by: z.string().optional().describe('Together with head: close the one that was opened under this key'),
  })
  .refine(({ number, head, opened_by }) => number !== undefined || (head !== undefined && opened_by !== undefined), {
    message: 'needs number, or head and opened_by',
  });

export const closePullRequest = defineAction({
  description: 'Closes a pull request without merging it; content when it is closed already.',
  input: closePullInput,
  output: z.object({ closed: z.boolean(), number: z.int().nullable() }),
  effect: true,
  keyedBy: 'probe',
  async run(call, input) {
    const number = await numberToClose(call, input);
    if (number === undefined) return { closed: false, number: null };
    const path = [...repoPath(input), 'pulls', String(number)];
    await call.http.request('PATCH', path, { json: { state: 'closed' }, expect: pull });
    return { closed: true, number };
  },
});

async function numberToClose(call: ToolCall, input: z.infer<typeof closePullInput>): Promise<number | undefined> {
  if (input.number !== undefined) return input.number;
  const { owner, repo, head = '', opened_by = '' } = input;
  return (await openPullByKey(call, { owner, repo, head }, opened_by))?.number;
}
