// A name server of its own on loopback, and a resolver that asks it: every name has the address that a test says, for no time at all.
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';

export interface NameServer extends AsyncDisposable {
  readonly resolver: Resolver;
  /** How often somebody asked. */
  readonly asked: number;
}

export async function openNameServer(addressNow: () => string): Promise<NameServer> {
  const socket = createSocket('udp4');
  let asked = 0;
  socket.on('message', (query, { address, port }) => {
    asked += 1;
    socket.send(answerTo(query, addressNow()), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  return {
    resolver,
    get asked() {
      return asked;
    },
    [Symbol.asyncDispose]: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
}

// RFC 1035: the question again, and one record of type A that points at its name, with a time to live of zero.
function answerTo(query: Buffer, address: string): Buffer {
  const endOfName = query.indexOf(0, 12);
  const question = query.subarray(12, endOfName + 5);
  const header = Buffer.from([...query.subarray(0, 2), 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
  const record = Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]);
  return Buffer.concat([header, question, record]);
}
