// Framing and the few messages that the proxy reads or makes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FrameReader,
  applicationOf,
  changedRowsOf,
  fatalError,
  openingOf,
  simpleQuery,
  sqlstateOf,
  statusOf,
  textsOf,
  type Frame,
} from './wire.ts';

function framesOf(reader: FrameReader): Frame[] {
  const frames: Frame[] = [];
  for (let frame = reader.next(true); frame !== undefined; frame = reader.next(true)) frames.push(frame);
  return frames;
}

function onlyFrame(bytes: Buffer, typed = true): Frame {
  const reader = new FrameReader();
  reader.push(bytes);
  const frame = reader.next(typed);
  if (frame === undefined) throw new Error('there is no whole message');
  return frame;
}

function startup(code: number, words = ''): Frame {
  const body = Buffer.from(words);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8, 0);
  head.writeUInt32BE(code, 4);
  return onlyFrame(Buffer.concat([head, body]), false);
}

describe('FrameReader', () => {
  it('gives the same messages however the stream was cut', () => {
    const sql = fc.string().map((text) => text.replaceAll('\0', ''));
    fc.assert(
      fc.property(
        fc.array(sql, { maxLength: 8 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 12 })),
        (texts, sizes) => {
          const stream = Buffer.concat(texts.map(simpleQuery));
          const reader = new FrameReader();
          const frames: Frame[] = [];
          for (let at = 0; at < stream.length;) {
            const size = Number(sizes.next().value);
            reader.push(stream.subarray(at, at + size));
            frames.push(...framesOf(reader));
            at += size;
          }

          expect(frames.map((frame) => textsOf(frame, 1)[0])).toEqual(texts);
          expect(Buffer.concat(frames.map(({ bytes }) => bytes))).toEqual(stream);
        },
      ),
    );
  });
});

describe('the first message', () => {
  it('asks for encryption, for a cancellation or for a session', () => {
    expect([80_877_103, 80_877_104, 80_877_102, 196_608].map((code) => openingOf(startup(code)))).toEqual([
      'encryption',
      'encryption',
      'cancel',
      'startup',
    ]);
  });

  it('may name the application', () => {
    expect(applicationOf(startup(196_608, 'user\0app\0application_name\0lease\0\0'))).toBe('lease');
    expect(applicationOf(startup(196_608, 'user\0application_name\0\0'))).toBe('');
  });
});

describe('the messages of a session', () => {
  it('tell rows, status and SQLSTATE', () => {
    expect(['INSERT 0 3', 'UPDATE 12', 'DELETE 0', 'SELECT 1', 'BEGIN', ''].map(changedRowsOf)).toEqual([
      3,
      12,
      0,
      undefined,
      undefined,
      undefined,
    ]);
    expect(statusOf({ type: 'Z', bytes: Buffer.from([0x5a, 0, 0, 0, 5, 0x54]) })).toBe('T');
    expect(() => statusOf({ type: 'Z', bytes: Buffer.from([0x5a, 0, 0, 0, 5, 0x21]) })).toThrow('unknown status');
    expect(sqlstateOf(onlyFrame(fatalError('57P01', 'bye')))).toBe('57P01');
    expect(sqlstateOf(onlyFrame(simpleQuery('')))).toBeUndefined();
  });
});
