// Where the installed package begins, from sources and from `dist` alike. Reads package.json files on the way up.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const packageFile = z.object({ name: z.string().optional() });

/** The nearest folder above this file whose package.json is Breakwater's own. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!isOurs(folder)) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('No package.json named "breakwater" above the running code');
    folder = parent;
  }
  return folder;
}

function isOurs(folder: string): boolean {
  const path = join(folder, 'package.json');
  return existsSync(path) && packageFile.parse(JSON.parse(readFileSync(path, 'utf8'))).name === 'breakwater';
}
