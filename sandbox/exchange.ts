// One request to a vendor's double and what travels back, with the fault that strikes it played on the socket.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../src/kernel/index.ts';
import type { Fault } from './faults.ts';
import { MAX_BODY_BYTES, type ReceivedBody } from './receive.ts';
import type { Answer, Double, VendorRequest } from './vendor.ts';
import type { World } from './world.ts';

/** Everything known of a request once its body is read. */
export interface Exchange {
  readonly vendor: string;
  readonly double: Double;
  readonly request: VendorRequest;
  readonly received: ReceivedBody['state'];
  readonly response: ServerResponse;
}

export async function runExchange(world: World, exchange: Exchange): Promise<void> {
  const { vendor, request, response } = exchange;
  const fault = world.faults.take(vendor, request.method, request.path);
  const answered = world.calls.note(vendor, request, fault?.fault);
  if (fault?.fault === 'hang' && !(await outlastsHang(world, response))) return void response.destroy();
  const answer = answerUnder(fault, exchange);
  if (!answer) return void response.socket?.resetAndDestroy();
  answered(answer.status);
  if (fault?.fault === 'delay') await delay(fault.delayMs, undefined, { ref: false });
  if (fault?.fault === 'truncate') sendHalf(response, answer);
  else send(response, answer);
}

/** The answer to send, or undefined when the connection is cut instead. */
function answerUnder(fault: Fault | undefined, exchange: Exchange): Answer | undefined {
  if (fault?.fault === 'status') return refusalOf(fault, exchange.double);
  if (fault?.fault === 'reset') return undefined;
  const answer = ask(exchange);
  return fault?.fault === 'reset_after_effect' ? undefined : answer;
}

function refusalOf({ status = 500, headers }: Fault, double: Double): Answer {
  const refusal = double.refuse(status);
  return { ...refusal, headers: { ...refusal.headers, ...headers } };
}

function ask({ double, request, received }: Exchange): Answer {
  if (received === 'too_large') return double.refuse(413, `The body is over ${MAX_BODY_BYTES} bytes`);
  if (received === 'malformed') return double.refuse(400, 'Problems parsing JSON');
  try {
    double.settle?.();
    return double.handle(request);
  } catch (error) {
    return double.refuse(500, `Defect of the sandbox: ${messageOf(error)}`);
  }
}

/** Waits until the faults are cleared; false when the client or the world is gone by then, and nothing is to happen any more. */
async function outlastsHang(world: World, response: ServerResponse): Promise<boolean> {
  await Promise.race([world.faults.cleared(), once(response, 'close')]);
  return !response.destroyed && !world.ended;
}

export function send(response: ServerResponse, answer: Answer): void {
  const { text, headers } = encode(answer);
  response.writeHead(answer.status, headers).end(text);
}

/** Promises the whole length, sends half of it and closes. */
function sendHalf(response: ServerResponse, answer: Answer): void {
  const { text, headers } = encode(answer);
  response.writeHead(answer.status, headers);
  response.write(text.subarray(0, Math.floor(text.length / 2)), () => response.destroy());
}

function encode({ body, headers }: Answer): { text: Buffer; headers: Record<string, string | number> } {
  if (body === undefined) return { text: Buffer.alloc(0), headers: { ...headers } };
  const { text, type } = encodeBody(body);
  return { text, headers: { 'content-type': type, ...headers, 'content-length': text.length } };
}

function encodeBody(body: unknown): { text: Buffer; type: string } {
  if (body instanceof Uint8Array) return { text: Buffer.from(body), type: 'application/octet-stream' };
  if (typeof body === 'string') return { text: Buffer.from(body), type: 'text/plain; charset=utf-8' };
  return { text: Buffer.from(JSON.stringify(body)), type: 'application/json; charset=utf-8' };
}
