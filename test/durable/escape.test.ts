// Which of the three classes of K3 an error belongs to: to be left alone, to be tried later, or for a person to see.
import { describe, expect, it } from 'vitest';
import { StepEscape, TransactionEscape, causeOfEscape, classifyEscape } from '../../src/durable/escape.ts';
import type { EscapeClass } from '../../src/durable/escape.ts';
import { DBOSWorkflowCancelledError, DBOSWorkflowConflictError } from '../../src/durable/internals.ts';
import { LostConnectionError } from '../../src/postgres/relabel.ts';

const classes = ['ownership', 'shutdown', 'infrastructure', 'defect'] as const satisfies readonly EscapeClass[];

function withCode(code: unknown, cause?: unknown): Error {
  return Object.assign(new Error('from the server', { cause }), { code });
}

describe('classifyEscape', () => {
  it('leaves a run alone that another execution owns or that was cancelled from outside', () => {
    expect(classifyEscape(new DBOSWorkflowConflictError('run_1'))).toBe('ownership');
    expect(classifyEscape(new DBOSWorkflowCancelledError('run_1'))).toBe('ownership');
  });

  it.each(['Cannot use a pool after calling end on the pool', 'The system database has been shut down'])(
    'takes "%s" for this process going',
    (message) => {
      expect(classifyEscape(new Error(message))).toBe('shutdown');
    },
  );

  it.each([
    ['08006', 'connection failure'],
    ['25006', 'read-only transaction'],
    ['28P01', 'password refused'],
    ['3D000', 'no such database'],
    ['40001', 'serialization failure'],
    ['40P01', 'deadlock'],
    ['53300', 'too many connections'],
    ['57014', 'statement cancelled'],
    ['57P01', 'server shutting down'],
    ['58030', 'disk error'],
    ['XX000', 'internal error'],
    ['ECONNRESET', 'reset'],
    ['ECONNREFUSED', 'refused'],
    ['EPIPE', 'broken pipe'],
    ['ENOTFOUND', 'host unknown'],
    ['ETIMEDOUT', 'timed out'],
  ])('tries later after %s (%s)', (code) => {
    expect(classifyEscape(withCode(code))).toBe('infrastructure');
  });

  it.each([
    ['22P02', 'bad text'],
    ['22021', 'NUL in text'],
    ['23505', 'duplicate key'],
    ['54000', 'limit exceeded'],
    ['42P01', 'no such table'],
    ['0A000', 'not supported'],
  ])('calls a person after %s (%s)', (code) => {
    expect(classifyEscape(withCode(code))).toBe('defect');
  });

  it.each([
    ['a bug', new TypeError('x is undefined')],
    ["an error of the machine that is not the network's", withCode('EPERM')],
    ['a code that is no text', withCode(7)],
    ['text', 'boom'],
    ['nothing', undefined],
    ['null', null],
  ])('calls a person after %s', (_, error) => {
    expect(classifyEscape(error)).toBe('defect');
  });

  it("looks for the server's word under wrappings, and takes the outermost", () => {
    expect(classifyEscape(new Error('outer', { cause: new Error('inner', { cause: withCode('57P01') }) }))).toBe(
      'infrastructure',
    );
    expect(classifyEscape(withCode('23505', withCode('ECONNRESET')))).toBe('defect');
    expect(classifyEscape(new LostConnectionError(withCode('25006')))).toBe('infrastructure');
  });

  it('looks past a code that says nothing', () => {
    expect(classifyEscape(withCode('ERR_WRAPPED', withCode('57P01')))).toBe('infrastructure');
  });

  it('comes back from a chain of causes that closes on itself', () => {
    const error = new Error('loop');
    error.cause = error;
    expect(classifyEscape(error)).toBe('defect');
  });

  it.each(classes)('keeps the class %s that an inner edge has given', (kind) => {
    const cause = withCode('23505');
    expect(classifyEscape(new StepEscape('run_1', kind, cause))).toBe(kind);
    expect(classifyEscape(new TransactionEscape('run_1', kind, cause))).toBe(kind);
  });
});

describe('an escape', () => {
  const cause = new TypeError('x is undefined');

  it('is what DBOS never records: a conflict out of a step, a cancellation out of a transaction', () => {
    expect(new StepEscape('run_1', 'defect', cause)).toBeInstanceOf(DBOSWorkflowConflictError);
    expect(new TransactionEscape('run_1', 'defect', cause)).toBeInstanceOf(DBOSWorkflowCancelledError);
  });

  it('says which run it left, from where and why', () => {
    expect(new StepEscape('run_1', 'defect', cause).message).toBe('Run run_1 left its step: defect');
    expect(new TransactionEscape('run_1', 'shutdown', cause).message).toBe('Run run_1 left its transaction: shutdown');
  });
});

describe('causeOfEscape', () => {
  it('is what made the execution leave', () => {
    const cause = new TypeError('x is undefined');
    expect(causeOfEscape(new StepEscape('run_1', 'defect', cause))).toBe(cause);
    expect(causeOfEscape(new TransactionEscape('run_1', 'defect', cause))).toBe(cause);
  });

  it('is the error itself when nothing wrapped it', () => {
    const error = withCode('23505', new Error('below'));
    expect(causeOfEscape(error)).toBe(error);
    expect(causeOfEscape('boom')).toBe('boom');
  });
});
