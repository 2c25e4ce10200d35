// GitHub's branches, which are known by where they point. https://docs.github.com/en/rest/git/refs
import { z } from 'zod';
import { FailureError, failure } from '../kernel/index.ts';
import { defineAction } from './define-action.ts';
import { branchName, history, repoPath, repository } from './github-repository.ts';
import type { Repository } from './github-repository.ts';
import type { ToolCall } from './tool.ts';

const branchPath = (kind: 'ref' | 'refs', on: Repository & { branch: string }) => [
  ...repoPath(on),
  'git',
  kind,
  'heads',
  ...on.branch.split('/'),
];

const reference = z.object({ ref: z.string(), object: z.object({ sha: z.string() }) });

const branchInput = z.strictObject({
  ...repository,
  branch: branchName,
  from: branchName.default('main').describe('The branch to start from'),
});
const branchOutput = z.object({ branch: z.string(), sha: z.string() });

async function headOf(call: ToolCall, on: Repository & { branch: string }): Promise<string | undefined> {
  const found = await call.http.find(branchPath('ref', on), { expect: reference });
  return found?.object.sha;
}

async function requireHead(call: ToolCall, on: Repository & { branch: string }): Promise<string> {
  const sha = await headOf(call, on);
  if (sha === undefined)
    throw new FailureError(failure('GITHUB_404', `github has no branch "${on.branch}" in ${on.owner}/${on.repo}`));
  return sha;
}

export const createBranch = defineAction({
  description: 'Creates a branch at the head of another.',
  input: branchInput,
  output: branchOutput,
  effect: true,
  idOf: ({ branch }) => branch,
  keyedBy: 'probe',
  async run(call, input) {
    const sha = await requireHead(call, { ...input, branch: input.from });
    const json = { ref: `refs/heads/${input.branch}`, sha };
    const created = await call.http.request('POST', [...repoPath(input), 'git', 'refs'], { json, expect: reference });
    return { branch: input.branch, sha: created.object.sha };
  },
  // A branch without commits of its own stands where we would have put it, even if `from` has moved on since.
  async probe(call, input) {
    const sha = await headOf(call, input);
    if (sha === undefined) return undefined;
    const base = await history(call, input, { sha: input.from });
    return base.some((commit) => commit.sha === sha) ? { branch: input.branch, sha } : undefined;
  },
  undo: {
    delete_branch: ({ input: { owner, repo, branch } }) => ({ owner, repo, branch }),
  },
});

export const deleteBranch = defineAction({
  description: 'Deletes a branch; content when there is none.',
  input: z.strictObject({ ...repository, branch: branchName }),
  output: z.object({ deleted: z.boolean() }),
  effect: true,
  keyedBy: 'probe',
  // GitHub answers 422 both to a missing branch and to one that must not be deleted, so only an existing one is asked for.
  async run(call, input) {
    if ((await headOf(call, input)) === undefined) return { deleted: false };
    return { deleted: await call.http.remove(branchPath('refs', input)) };
  },
});
