// GitHub's REST API: branches, files, pull requests. https://docs.github.com/en/rest (git/refs, repos/contents, pulls, repos/commits)
import { createBranch, deleteBranch } from './github-branches.ts';
import { deleteFile } from './github-delete-file.ts';
import { createOrUpdateFile, getFileContent } from './github-files.ts';
import { closePullRequest, createPullRequest } from './github-pulls.ts';
import { githubRefusal } from './github-refusal.ts';
import type { Tool } from './tool.ts';

export const github = {
  name: 'github',
  vendor: {
    baseUrl: 'https://api.github.com',
    credentials: {
      names: ['GITHUB_TOKEN'],
      headers: (values) => ({ authorization: `Bearer ${values['GITHUB_TOKEN']}` }),
    },
    headers: { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
    failureOf: githubRefusal,
  },
  actions: {
    create_branch: createBranch,
    delete_branch: deleteBranch,
    create_or_update_file: createOrUpdateFile,
    delete_file: deleteFile,
    get_file_content: getFileContent,
    create_pull_request: createPullRequest,
    close_pull_request: closePullRequest,
  },
} satisfies Tool;
