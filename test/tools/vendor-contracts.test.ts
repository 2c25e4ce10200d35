// What the adapters send, held against the vendors' own API descriptions where these lie beside the project; without them only
// the double judges the requests, and the output says so.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import formats from 'ajv-formats';
import { OpenAPIBackend, type AjvCustomizer, type Document } from 'openapi-backend';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/postgres/index.ts';
import { figma } from '../../src/tools/figma.ts';
import { github } from '../../src/tools/github.ts';
import { notion } from '../../src/tools/notion.ts';
import { createSendgrid } from '../../src/tools/sendgrid.ts';
import { slm } from '../../src/tools/slm.ts';
import type { Tool } from '../../src/tools/tool.ts';
import { HUB_ID, LIBRARY } from '../../sandbox/vendors/notion/fixtures.ts';
import { openSandboxWorld, type Call, type SandboxWorld, type SentRequest } from './sandbox-world.ts';

const DESCRIPTIONS = join(packageRoot(), '..', 'shared', 'vendor-contracts');

async function loadDescription(file: string, apiRoot: string): Promise<OpenAPIBackend | undefined> {
  const path = join(DESCRIPTIONS, file);
  if (!existsSync(path)) {
    process.stderr.write(`No ${file} beside the project: requests are judged by the double alone\n`);
    return undefined;
  }
  const definition: Document = JSON.parse(readFileSync(path, 'utf8'));
  const customizeAjv: AjvCustomizer = (ajv) => formats.default(ajv);
  const ajvOpts = { strict: false, logger: false } as const;
  const api = new OpenAPIBackend({ definition, quick: true, strict: false, apiRoot, ajvOpts, customizeAjv });
  await api.init();
  return api;
}

function problemsOf(api: OpenAPIBackend, request: SentRequest): string[] {
  const { errors } = api.validateRequest({ ...request, path: encodeTail(request.path) });
  return (errors ?? []).map((error) => `${request.method} ${request.path}: ${error.instancePath} ${error.message}`);
}

// GitHub takes slashes in a path or a ref; the descriptions' router wants them encoded.
function encodeTail(path: string): string {
  return path.replace(
    /\/(contents|git\/refs?)\/(.+)$/,
    (_, kind: string, tail: string) => `/${kind}/${tail.replaceAll('/', '%2F')}`,
  );
}

/** Does an act, repeats it as a suspect, and undoes it, known and unknown. */
async function exercise(world: SandboxWorld, call: Call, undoAction: string): Promise<void> {
  const result = await world.done(call);
  await world.done({ ...call, suspect: true });
  await world.undo({ ...call, undoAction });
  await world.undo({ ...call, undoAction, result });
}

const repository = { owner: 'acme', repo: 'marketing-campaigns' };
const branch = 'campaign/spring';

async function exerciseGithub(world: SandboxWorld): Promise<void> {
  const write: Call = {
    action: 'create_or_update_file',
    args: { ...repository, branch, path: 'a/b.md', content: 'x' },
    key: 'c3'.repeat(20),
  };
  await world.done({ action: 'create_branch', args: { ...repository, branch } });
  await world.done(write);
  await exercise(
    world,
    { action: 'create_pull_request', args: { ...repository, title: 't', head: branch, draft: true } },
    'close_pull_request',
  );
  await exercise(world, { ...write, args: { ...write.args, content: 'y' }, key: 'd4'.repeat(20) }, 'delete_file');
  await exercise(world, { action: 'create_branch', args: { ...repository, branch: 'other' } }, 'delete_branch');
}

async function exerciseSendgrid(world: SandboxWorld): Promise<void> {
  const args = {
    name: 'n',
    subject: 's',
    html: '<p>h</p>',
    all: true,
    sender_id: 1,
    suppression_group_id: 1,
    categories: ['spring'],
  };
  await exercise(world, { action: 'send_campaign', args }, 'unschedule_campaign');
}

async function exerciseSlm(world: SandboxWorld): Promise<void> {
  const schema = {
    type: 'object',
    required: ['a'],
    additionalProperties: false,
    properties: { a: { type: 'string' } },
  };
  await world.done({
    action: 'chat_completion',
    args: { prompt: 'p', system: 's', max_tokens: 1_000, temperature: 0.5 },
  });
  await world.done({ action: 'chat_completion', args: { messages: [{ role: 'user', content: 'p' }], schema } });
}

async function exerciseFigma(world: SandboxWorld): Promise<void> {
  const file = { file_key: 'harborBrand01' };
  const component = { ...file, component_name: 'blog_header', export_format: 'jpg', scale: 2 };
  await world.done({ action: 'list_components', args: file });
  await world.done({ action: 'get_file_meta', args: file });
  await exercise(world, { action: 'render_component', args: { ...component, note: 'n' } }, 'delete_comment');
  await exercise(world, { action: 'post_comment', args: { ...file, message: 'm' } }, 'delete_comment');
}

async function exerciseNotion(world: SandboxWorld): Promise<void> {
  const args = { title: 't', content: '# h\np' };
  const query = { filter: { property: 'Topic', select: { equals: 'Audience' } }, limit: 1 };
  await world.done({ action: 'search_database', args: { query: 'logistics', filter: 'page' } });
  await world.done({ action: 'query_database', args: { data_source_id: LIBRARY.id, ...query } });
  await world.done({ action: 'get_page', args: { page_id: HUB_ID } });
  await exercise(world, { action: 'create_page', args: { ...args, parent_page_id: HUB_ID } }, 'archive_page');
  await exercise(world, { action: 'create_page', args: { ...args, data_source_id: LIBRARY.id } }, 'archive_page');
}

// Where Notion's own description falls behind its reference: it types blocks as strings and knows no data source as a parent.
const NOTION_LAPSES = /requestBody\/(?:children\/\d+ must be string|parent(?:\/type)? must )/;

describe.each<{
  tool: Tool;
  file: string;
  apiRoot: string;
  undescribed: RegExp;
  lapses?: RegExp;
  act: (world: SandboxWorld) => Promise<void>;
}>([
  { tool: figma, file: 'figma.json', apiRoot: '/', undescribed: /^$/, act: exerciseFigma },
  { tool: github, file: 'github.json', apiRoot: '/', undescribed: /\/commits$/, act: exerciseGithub },
  { tool: notion, file: 'notion.json', apiRoot: '/', undescribed: /^$/, lapses: NOTION_LAPSES, act: exerciseNotion },
  { tool: createSendgrid(), file: 'sendgrid-singlesends.json', apiRoot: '/', undescribed: /^$/, act: exerciseSendgrid },
  { tool: slm, file: 'openai.json', apiRoot: '/v1', undescribed: /^$/, act: exerciseSlm },
])('$tool.name', ({ tool, file, apiRoot, undescribed, lapses = /^$/, act }) => {
  it('sends only what its vendor describes, and its double accepts', async () => {
    await using world = await openSandboxWorld(tool);
    const api = await loadDescription(file, apiRoot);

    await act(world);

    const requests = (await world.calls()).filter(({ path }) => !undescribed.test(path));
    expect(requests.length).toBeGreaterThan(1);
    expect(requests.filter(({ status }) => status === null || (status >= 400 && status !== 404))).toEqual([]);
    const problems = api ? requests.flatMap((request) => problemsOf(api, request)) : [];
    expect(problems.filter((problem) => !lapses.test(problem))).toEqual([]);
  });
});
