// Slack's Web API: every method below /api by GET or POST, arguments in the query, a form or JSON. It honours no idempotency key.
import { isJsonObject, type JsonObject } from '../../../src/kernel/index.ts';
import { dispatch, route } from '../../router.ts';
import type { Answer, Double, Surroundings, Vendor, VendorRequest } from '../../vendor.ts';
import { deleteMessage, postEphemeral, postMessage, updateMessage } from './chat.ts';
import { conversationHistory, conversationInfo, listConversations } from './conversations.ts';
import { completeUpload, deleteFile, fileInfo, getUploadUrl, listFiles, receiveUpload } from './files.ts';
import { refusal, refuse } from './refusals.ts';
import { BOT, openWorkspace, type Workspace } from './workspace.ts';

export const slack: Vendor = { name: 'slack', open: openSlack };

type SlackMethod = (workspace: Workspace, given: JsonObject) => JsonObject;

const METHODS: ReadonlyMap<string, SlackMethod> = new Map([
  [
    'auth.test',
    () => ({
      ok: true,
      url: 'https://acme.slack.com/',
      team: 'Acme',
      team_id: BOT.team,
      user: 'breakwater',
      user_id: BOT.user,
      bot_id: BOT.bot,
    }),
  ],
  ['chat.postMessage', postMessage],
  ['chat.postEphemeral', postEphemeral],
  ['chat.update', updateMessage],
  ['chat.delete', deleteMessage],
  ['conversations.list', listConversations],
  ['conversations.info', conversationInfo],
  ['conversations.history', conversationHistory],
  ['files.getUploadURLExternal', getUploadUrl],
  ['files.completeUploadExternal', completeUpload],
  ['files.list', listFiles],
  ['files.info', fileInfo],
  ['files.delete', deleteFile],
]);

function openSlack(surroundings: Surroundings): Double {
  const workspace = openWorkspace(surroundings);
  const routes = [
    route('GET', '/api/:method', (request, method) => answer(workspace, request, method)),
    route('POST', '/api/:method', (request, method) => answer(workspace, request, method)),
    // The address is the credential.
    route('POST', '/upload/v1/:id', ({ body }, id) => receiveUpload(workspace, id, body)),
  ];
  return { handle: (request) => dispatch(routes, request) ?? refusal(404), refuse: refusal };
}

function answer(workspace: Workspace, request: VendorRequest, name: string): Answer {
  authenticate(request);
  const method = METHODS.get(name) ?? refuse('unknown_method');
  return { status: 200, body: method(workspace, argumentsOf(request)) };
}

function authenticate({ headers }: VendorRequest): void {
  if (!headers.authorization) refuse('not_authed');
  if (!/^bearer +\S/i.test(headers.authorization)) refuse('invalid_auth');
}

function argumentsOf({ query, body }: VendorRequest): JsonObject {
  return { ...Object.fromEntries(query), ...(isJsonObject(body) ? body : {}) };
}
