// Starts the vendors' doubles as a process of their own, on a free port.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface SandboxProcess {
  readonly url: string;
  stop(): Promise<void>;
}

const SANDBOX = join(import.meta.dirname, '..', '..', 'sandbox', 'main.js');

export async function spawnSandbox(): Promise<SandboxProcess> {
  const child = spawn(process.execPath, [SANDBOX, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const line = await Promise.race([firstLine(child.stdout), exited.then(() => undefined)]);
  const url = /https?:\/\/\S+/.exec(line ?? '')?.[0];
  if (url === undefined) throw new Error('The sandbox did not start; what it said is above.');
  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

async function firstLine(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) return line;
  return '';
}
