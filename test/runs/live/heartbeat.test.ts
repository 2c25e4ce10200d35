// A slow vendor and a hanging one, behind an activity with a heartbeat: the one is waited for, the other is left and asked again.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVendor, stayMute } from '../../tools/vendor-server.ts';
import type { Respond, VendorServer } from '../../tools/vendor-server.ts';
import { atOnce } from './flow.ts';
import { startLiveApp } from './live-app.ts';
import type { LiveApp } from './live-app.ts';

let respond: Respond;
let vendor: VendorServer;
let live: LiveApp;
beforeAll(async () => {
  vendor = await startVendor((response, request) => respond(response, request));
  live = await startLiveApp('live_heartbeat', { env: { BREAKWATER_OUTBOUND_ALLOW: new URL(vendor.url).host } });
});
afterAll(async () => {
  await live.stop();
  await vendor[Symbol.asyncDispose]();
});

const HEARTBEAT_MS = 1_000;

async function send(to: string, answer: Respond): Promise<unknown> {
  respond = answer;
  const activity = {
    name: 'send',
    tool: 'http',
    action: 'request',
    with: { method: 'POST', url: `${vendor.url}/${to}`, json: { order: 7 } },
    timeout: '1m',
    heartbeat: `${HEARTBEAT_MS}ms`,
    retry: atOnce(3),
    irreversible: true,
  };
  const output = '${{ outputs.send.body }}';
  return await live.flow().run([{ id: 'shop', activities: [activity] }], { output });
}

const keysOf = (to: string): unknown[] =>
  vendor.received.filter(({ path }) => path === `/${to}`).map(({ headers }) => headers['idempotency-key']);

/** A letter each fifth of a heartbeat. */
const trickle: Respond = (response) => {
  const letters = 'slow but sure'.split('');
  response.writeHead(200, { 'content-type': 'text/plain' });
  const timer = setInterval(() => {
    const letter = letters.shift();
    if (letter !== undefined) return void response.write(letter);
    clearInterval(timer);
    response.end();
  }, HEARTBEAT_MS / 5);
};

describe('an activity with a heartbeat', () => {
  it('lives on while its answer trickles in', async () => {
    expect(await send('slow', trickle)).toMatchObject({ status: 'succeeded', output: 'slow but sure' });
    expect(keysOf('slow')).toHaveLength(1);
  });

  it('that hangs is tried again under the same key, and succeeds once', async () => {
    let asked = 0;
    const hangOnce: Respond = (response) => {
      asked += 1;
      if (asked > 1) response.writeHead(200, { 'content-type': 'text/plain' }).end('at last');
    };

    expect(await send('hanging', hangOnce)).toMatchObject({ status: 'succeeded', output: 'at last' });
    const keys = keysOf('hanging');
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
  });

  it('that only ever hangs fails as STALLED, long before its timeout', async () => {
    expect(await send('dead', stayMute)).toMatchObject({ status: 'failed', error: { code: 'STALLED' } });
    expect(keysOf('dead')).toHaveLength(3);
  });
});
