// Keeps dist/ equal to the sources: compiled when a source changed, and complete before anyone uses it.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { lockDir, root, runTool } from './checkout.mjs';
import { withLock } from './lock.mjs';

const dist = join(root, 'dist');
const stamp = join(dist, '.stamp');
const sourceDirs = ['src', 'workflows', 'sandbox', 'scripts', 'bench'];

/** Compiles if need be. A checkout without sources (the container image) has nothing to compile. */
export async function ensureBuilt() {
  if (!existsSync(join(root, 'tsconfig.json')) || isFresh()) return;
  await withLock(lockDir, () => {
    if (!isFresh()) compile();
  });
}

function isFresh() {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint();
}

// The stamp goes first and comes back last: whoever sees it sees a whole dist.
function compile() {
  const compiled = fingerprint();
  mkdirSync(dist, { recursive: true });
  rmSync(stamp, { force: true });
  if (runTool('tsc', ['-p', 'tsconfig.json'], ['ignore', 2, 2]) !== 0)
    throw new Error('The build failed; the errors are above');
  removeOrphans();
  writeFileSync(stamp, compiled);
}

/** Changes whenever a source is added, removed or written. */
function fingerprint() {
  const hash = createHash('sha256').update(describe(join(root, 'tsconfig.json')));
  for (const dir of sourceDirs) {
    for (const file of filesUnder(join(root, dir))) if (file.endsWith('.ts')) hash.update(describe(file));
  }
  return hash.digest('hex');
}

function describe(file) {
  const { size, mtimeMs } = statSync(file);
  return `${relative(root, file)} ${size} ${mtimeMs}\n`;
}

// The compiler leaves behind what it made of a source that is gone.
function removeOrphans() {
  for (const file of sourceDirs.flatMap((dir) => filesUnder(join(dist, dir)))) {
    const source = relative(dist, file).replace(/(\.d\.ts|\.js|\.js\.map)$/, '.ts');
    if (!existsSync(join(root, source))) rmSync(file);
  }
}

function filesUnder(dir) {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? filesUnder(join(dir, entry.name)) : [join(dir, entry.name)]));
}
