// files.*: a place for the bytes, the bytes, then the file; listed and deleted. A file's message goes with it.
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Json, JsonObject } from '../../../src/kernel/index.ts';
import type { Answer } from '../../vendor.ts';
import { removeMessage } from './chat.ts';
import { parseArguments, refuse } from './refusals.ts';
import { BOT, channelById, messageKey, type StoredFile, type Workspace } from './workspace.ts';

const placeSchema = z.object({ filename: z.string().min(1), length: z.coerce.number().int().min(1) });

export function getUploadUrl({ uploads, baseUrl }: Workspace, given: JsonObject): JsonObject {
  const { filename, length } = parseArguments(placeSchema, given);
  const id = `F${randomBytes(5).toString('hex').toUpperCase()}`;
  uploads.set(id, { id, name: filename, length });
  return { ok: true, upload_url: `${baseUrl}/upload/v1/${id}`, file_id: id };
}

/** Bytes arrive as a text of one character each. */
export function receiveUpload({ uploads }: Workspace, id: string, body: Json | undefined): Answer {
  const upload = uploads.get(id);
  if (!upload) return { status: 404, body: 'No such upload' };
  const bytes = Buffer.from(typeof body === 'string' ? body : '', 'latin1');
  if (bytes.length !== upload.length) return { status: 400, body: `Expected ${upload.length} bytes` };
  upload.bytes = bytes;
  return { status: 200, body: `OK - ${bytes.length}` };
}

const fileList = z.array(z.object({ id: z.string(), title: z.string().optional() })).min(1);
const completeSchema = z.object({ files: fileList, channel_id: z.string().optional() });

export function completeUpload(workspace: Workspace, given: JsonObject): JsonObject {
  const { files, channel_id } = parseArguments(completeSchema, given);
  if (channel_id !== undefined) channelById(workspace, channel_id);
  const made = files.map(({ id, title }) => createFile(workspace, id, title, channel_id));
  return { ok: true, files: made.map((file) => fileBody(workspace, file)) };
}

function createFile(workspace: Workspace, id: string, title: string | undefined, channel: string | undefined) {
  const upload = workspace.uploads.get(id);
  if (!upload?.bytes) return refuse('file_not_found');
  workspace.uploads.delete(id);
  const created = Math.floor(workspace.clock.now() / 1_000);
  const file: StoredFile = {
    id,
    name: upload.name,
    title: title ?? upload.name,
    created,
    channel,
    bytes: upload.bytes,
  };
  workspace.files.set(id, file);
  workspace.holds.set(id, workspace.ledger.created('file', id, ledgerData(file)));
  if (channel !== undefined) share(workspace, file, channel);
  return file;
}

// The message that shows a file is part of it, and no object of its own.
function share(workspace: Workspace, { id }: StoredFile, channel: string): void {
  const ts = workspace.nextTs();
  workspace.messages.set(messageKey(channel, ts), { ts, channel, text: '', file: id });
}

const listSchema = z.object({
  count: z.coerce.number().int().min(1).max(1_000).default(100),
  page: z.coerce.number().int().min(1).default(1),
  ts_from: z.coerce.number().default(0),
  channel: z.string().optional(),
});

export function listFiles(workspace: Workspace, given: JsonObject): JsonObject {
  const { count, page, ts_from, channel } = parseArguments(listSchema, given);
  const found = [...workspace.files.values()]
    .filter((file) => file.created >= ts_from && (channel === undefined || file.channel === channel))
    .toReversed();
  const own = found.slice((page - 1) * count, page * count).map((file) => fileBody(workspace, file));
  const pages = Math.max(1, Math.ceil(found.length / count));
  return { ok: true, files: own, paging: { count, total: found.length, page, pages } };
}

const oneSchema = z.object({ file: z.string().min(1) });

export function fileInfo(workspace: Workspace, given: JsonObject): JsonObject {
  return { ok: true, file: fileBody(workspace, findFile(workspace, parseArguments(oneSchema, given).file)) };
}

export function deleteFile(workspace: Workspace, given: JsonObject): JsonObject {
  const { id } = findFile(workspace, parseArguments(oneSchema, given).file);
  workspace.files.delete(id);
  workspace.holds.get(id)?.removed();
  const shown = [...workspace.messages.values()].filter(({ file }) => file === id);
  for (const { channel, ts } of shown) removeMessage(workspace, channel, ts);
  return { ok: true };
}

function findFile({ files }: Workspace, id: string): StoredFile {
  return files.get(id) ?? refuse('file_not_found');
}

export function fileBody({ baseUrl }: Workspace, { id, name, title, created, channel, bytes }: StoredFile): JsonObject {
  const channels = channel === undefined ? [] : [channel];
  const kind = { mode: 'hosted', is_external: false, is_public: channels.length > 0, user: BOT.user, channels };
  return {
    id,
    name,
    title,
    created,
    timestamp: created,
    size: bytes.length,
    permalink: `${baseUrl}/files/${id}`,
    ...kind,
  };
}

function ledgerData({ name, title, channel, bytes }: StoredFile): JsonObject {
  return { name, title, channel: channel ?? null, size: bytes.length, content: bytes.toString('utf8') };
}
