// Asks the system for a loopback port that nobody listens on. Another program may take it before we do: the caller tries again.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { codeOf } from './error-code.ts';

/** The preferred port if it is free, else any. */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (await isFree(preferred))) return preferred;
  return probe(0);
}

export async function isFree(port: number): Promise<boolean> {
  try {
    await probe(port);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE' || codeOf(error) === 'EACCES') return false;
    throw error;
  }
}

async function probe(port: number): Promise<number> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('A TCP server has an address');
  return address.port;
}
