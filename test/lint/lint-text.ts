// Lints pieces of workflow code with the real oxlint, all in one go, as a user's own configuration would.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../../src/postgres/index.ts';

const report = z.object({
  diagnostics: z.array(z.object({ message: z.string(), code: z.string(), filename: z.string() })),
});

export interface Finding {
  /** `no-bare-catch`. */
  readonly rule: string;
  readonly message: string;
}

/** What our rules say about each text. */
export async function lintTexts(texts: readonly string[]): Promise<Finding[][]> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-lint-'));
  try {
    await mkdir(join(folder, 'workflows'));
    await mkdir(join(folder, 'node_modules'));
    await symlink(packageRoot(), join(folder, 'node_modules', 'breakwater'));
    const configuration = { ...shownConfiguration(), categories: { correctness: 'off' } };
    await writeFile(join(folder, '.oxlintrc.json'), JSON.stringify(configuration));
    await Promise.all(
      texts.map(async (text, index) => await writeFile(join(folder, 'workflows', `${index}.ts`), text)),
    );
    const { diagnostics } = report.parse(JSON.parse(await runOxlint(folder)));
    return texts.map((_, index) =>
      diagnostics
        .filter(({ filename }) => filename.endsWith(`/${index}.ts`))
        .map(({ code, message }) => ({ rule: code.replace(/^breakwater\((.*)\)$/, '$1'), message })),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What docs/workflows.md tells a user to write. */
function shownConfiguration(): object {
  const page = readFileSync(join(packageRoot(), 'docs', 'workflows.md'), 'utf8');
  const [, shown = ''] = /```json\n(.*?)```/s.exec(page) ?? [];
  return z.looseObject({ jsPlugins: z.array(z.string()) }).parse(JSON.parse(shown));
}

/** How docs/workflows.md catches a failure. */
export function shownCatch(): string {
  const page = readFileSync(join(packageRoot(), 'docs', 'workflows.md'), 'utf8');
  const [, shown] = /```ts\n(try \{.*?)```/s.exec(page) ?? [];
  if (shown === undefined) throw new Error('docs/workflows.md shows no catch');
  return shown;
}

// It ends with 1 when it has found something.
async function runOxlint(folder: string): Promise<string> {
  const oxlint = join(packageRoot(), 'node_modules', 'oxlint', 'bin', 'oxlint');
  return await new Promise((resolve, reject) => {
    execFile(process.execPath, [oxlint, '-f', 'json', 'workflows'], { cwd: folder }, (error, stdout) => {
      if (stdout.startsWith('{')) resolve(stdout);
      else reject(new Error(`oxlint did not run: ${stdout}`, { cause: error }));
    });
  });
}
