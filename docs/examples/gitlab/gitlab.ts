// GitLab issues as a tool: one action opens an issue, the other takes it back by closing it. https://docs.gitlab.com/api/issues/
import { defineAction, z, type Tool, type ToolCall } from 'breakwater';

const project = z.string().min(1).describe('Its path, such as acme/website');
const issue = z.object({ iid: z.int(), web_url: z.string() });
const issuesOf = (path: string) => ['projects', path, 'issues'];

// GitLab takes no idempotency key: ours goes into the description, where a search finds it.
async function findByKey({ http }: ToolCall, path: string, key: string) {
  const query = { search: key, in: 'description' };
  const [found] = await http.request('GET', issuesOf(path), { query, expect: z.array(issue) });
  return found;
}

const openIssue = defineAction({
  description: 'Opens an issue.',
  input: z.strictObject({ project, title: z.string().min(1), description: z.string().default('') }),
  output: issue,
  effect: true,
  keyedBy: 'probe',
  async run({ http, key }, { project: path, title, description }) {
    const json = { title, description: `${description}\n\n<!-- ${key} -->` };
    return await http.request('POST', issuesOf(path), { json, expect: issue });
  },
  probe: (call, input) => findByKey(call, input.project, call.key),
  undo: {
    close_issue: ({ input, result, key }) => ({ project: input.project, iid: result?.iid, opened_by: key }),
  },
});

const closeIssue = defineAction({
  description: 'Closes an issue; content when there is none.',
  input: z.strictObject({ project, iid: z.int().optional(), opened_by: z.string().min(1) }),
  output: z.object({ closed: z.boolean() }),
  effect: true,
  keyedBy: 'probe',
  async run(call, { project: path, iid, opened_by: key }) {
    const number = iid ?? (await findByKey(call, path, key))?.iid;
    if (number === undefined) return { closed: false };
    const json = { state_event: 'close' };
    await call.http.request('PUT', [...issuesOf(path), String(number)], { json, expect: issue });
    return { closed: true };
  },
});

export const gitlab: Tool = {
  name: 'gitlab',
  vendor: {
    baseUrl: 'https://gitlab.com/api/v4',
    credentials: { names: ['GITLAB_TOKEN'], headers: (values) => ({ 'private-token': values['GITLAB_TOKEN'] ?? '' }) },
  },
  actions: { open_issue: openIssue, close_issue: closeIssue },
};
