// A receiver of traces that takes whatever comes, and only counts it.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { z } from 'zod';

export interface OtlpSink {
  readonly url: string;
  readonly bytes: number;
  close(): Promise<void>;
}

const address = z.object({ port: z.number() });

export async function openOtlpSink(): Promise<OtlpSink> {
  let bytes = 0;
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => response.end('{}'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = address.parse(server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    get bytes() {
      return bytes;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
