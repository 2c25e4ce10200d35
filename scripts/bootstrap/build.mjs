// Keeps dist/ equal to the sources: compiled when a source changed, and complete before anyone uses it; the dashboard too.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { lockDir, root, runTool, say } from './checkout.mjs';
import { withLock } from './lock.mjs';

const dist = join(root, 'dist');
const sourceDirs = ['src', 'workflows', 'sandbox', 'scripts', 'bench'];

const program = {
  saying: 'Compiling (when sources changed) …',
  stamp: join(dist, '.stamp'),
  sources: () => [
    join(root, 'tsconfig.json'),
    ...sourceDirs.flatMap((dir) => filesUnder(join(root, dir))).filter((file) => file.endsWith('.ts')),
  ],
  make: compile,
};

const dashboard = {
  saying: 'Building the dashboard (when it changed) …',
  stamp: join(dist, '.web-stamp'),
  sources: () => filesUnder(join(root, 'web')),
  make: bundle,
};

/** Builds what need be. A checkout without sources (the container image) has nothing to build. */
export async function ensureBuilt() {
  if (!existsSync(join(root, 'tsconfig.json'))) return;
  for (const part of [program, dashboard]) {
    if (isFresh(part)) continue;
    await withLock(lockDir, () => {
      if (!isFresh(part)) build(part);
    });
  }
}

function isFresh({ stamp, sources }) {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint(sources());
}

// The stamp goes first and comes back last: whoever sees it sees the whole of it.
function build({ saying, stamp, sources, make }) {
  say(saying);
  const built = fingerprint(sources());
  mkdirSync(dist, { recursive: true });
  rmSync(stamp, { force: true });
  if (make()) writeFileSync(stamp, built);
}

function compile() {
  if (runTool('tsc', ['-p', 'tsconfig.json'], ['ignore', 2, 2]) !== 0)
    throw new Error('The build failed; the errors are above');
  removeOrphans();
  return true;
}

// What makes the dashboard is a development package: an installation without those serves the API alone.
function bundle() {
  if (!existsSync(join(root, 'node_modules', 'vite'))) {
    say('The dashboard is not built: vite is not installed (npm ci without --omit=dev installs it).');
    return false;
  }
  if (runTool('vite', ['build', '--config', 'web/vite.config.ts'], ['ignore', 2, 2]) !== 0)
    throw new Error('The build of the dashboard failed; the errors are above');
  return true;
}

/** Changes whenever a source is added, removed or written. */
function fingerprint(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(describe(file));
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
