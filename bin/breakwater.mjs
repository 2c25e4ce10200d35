#!/usr/bin/env node
// The `breakwater` command in a clone or an image: finds a Node that is new enough, compiles what changed and starts the CLI.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../scripts/bootstrap/build.mjs';
import { isRecentNode, nodeBin, say } from '../scripts/bootstrap/checkout.mjs';
import { launch } from '../scripts/bootstrap/launch.mjs';

async function main() {
  if (isRecentNode(process.version)) return startCli();
  if (existsSync(nodeBin)) process.exitCode = await launch([fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
  else
    fail(
      `breakwater needs Node 22.19 or later and this is ${process.version}; run "npm ci" in its folder, which brings its own`,
    );
}

async function startCli() {
  process.noDeprecation = true;
  process.setSourceMapsEnabled(true);
  try {
    await ensureBuilt();
  } catch (error) {
    return fail(error.message);
  }
  await import('../dist/src/bin.js');
}

function fail(message) {
  say(message);
  process.exitCode = 1;
}

await main();
