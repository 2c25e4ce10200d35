// GitHub's action that takes a write back: deletes the file, or puts back what the write replaced.
import { z } from 'zod';
import { defineAction } from './define-action.ts';
import { changeByKey, contentsPath, fileAt, written } from './github-contents.ts';
import type { StoredFile } from './github-contents.ts';
import { branchName, filePath, messageWithKey, repository } from './github-repository.ts';
import type { ToolCall } from './tool.ts';

const deleteFileInput = z.strictObject({
  ...repository,
  path: filePath,
  branch: branchName.default('main'),
  message: z.string().min(1).optional().describe('The commit message; by default "Delete <path>" or "Restore <path>"'),
  restore_base64: z
    .base64()
    .optional()
    .describe('Put this content back instead of deleting: what the undone write replaced'),
  written_by: z
    .string()
    .optional()
    .describe('Only undo the commit that was made under this key; do nothing when there is none'),
});
type DeleteFileInput = z.infer<typeof deleteFileInput>;
const deleteFileOutput = z.object({ deleted: z.boolean(), restored: z.boolean() });

export const deleteFile = defineAction({
  description:
    'Deletes a file from a branch, or puts back what an undone write replaced; content when there is nothing to do.',
  input: deleteFileInput,
  output: deleteFileOutput,
  effect: true,
  keyedBy: 'probe',
  async run(call, input) {
    const before = await stateToRestore(call, input);
    if (!before) return { deleted: false, restored: false };
    const now = await fileAt(call, input);
    if (before.base64 === undefined) return await removeFile(call, input, now);
    return await restoreFile(call, input, now, before.base64);
  },
});

// Without content the file was not there before. Undefined: nothing was written, so nothing is to be undone.
async function stateToRestore(call: ToolCall, input: DeleteFileInput): Promise<{ base64?: string } | undefined> {
  if (input.written_by === undefined) return { base64: input.restore_base64 };
  const change = await changeByKey(call, input, input.written_by);
  return change && { base64: change.previous?.base64 };
}

async function removeFile(
  call: ToolCall,
  input: DeleteFileInput,
  now: StoredFile | undefined,
): Promise<z.infer<typeof deleteFileOutput>> {
  if (!now) return { deleted: false, restored: false };
  const message = messageWithKey(input.message ?? `Delete ${input.path}`, call.key);
  const deleted = await call.http.remove(contentsPath(input), {
    json: { message, sha: now.sha, branch: input.branch },
  });
  return { deleted, restored: false };
}

async function restoreFile(
  call: ToolCall,
  input: DeleteFileInput,
  now: StoredFile | undefined,
  base64: string,
): Promise<z.infer<typeof deleteFileOutput>> {
  if (now?.base64 === base64) return { deleted: false, restored: false };
  const message = messageWithKey(input.message ?? `Restore ${input.path}`, call.key);
  const json = { message, content: base64, branch: input.branch, sha: now?.sha };
  await call.http.request('PUT', contentsPath(input), { json, expect: written });
  return { deleted: false, restored: true };
}
