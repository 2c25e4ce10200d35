// Reading the lock file of a Postgres server, whatever state it is in.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePostmasterFile } from '../../src/postgres/postmaster-file.ts';

const text = (status: string) => `4711\n/data\n1795171200\n40123\n\n127.0.0.1\n  123 456\n${status}\n`;

describe('parsePostmasterFile', () => {
  it('reads pid and port, and whether the server is ready', () => {
    expect(parsePostmasterFile(text('ready   '))).toEqual({ pid: 4711, port: 40_123, ready: true });
    expect(parsePostmasterFile(text('starting'))).toEqual({ pid: 4711, port: 40_123, ready: false });
    expect(parsePostmasterFile(text('stopping'))).toEqual({ pid: 4711, port: 40_123, ready: false });
  });

  it('sees nothing in a file that is still being written', () => {
    const cut = fc.integer({ min: 0, max: '4711\n/data\n1795171200\n'.length });

    fc.assert(fc.property(cut, (length) => parsePostmasterFile(text('ready').slice(0, length)) === undefined));
  });

  it('sees nothing in what is no such file', () => {
    expect(parsePostmasterFile('a\nb\nc\nd\n')).toBeUndefined();
  });
});
