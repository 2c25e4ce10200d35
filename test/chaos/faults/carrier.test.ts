// One direction of a connection: what it hands on, when, and what it never does.
import { describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { Carrier, type Flow } from './carrier.ts';

function setup(flow: Flow = 'open') {
  const arrived: string[] = [];
  let struck = 0;
  const carrier = new Carrier({
    write: (bytes) => arrived.push(bytes.toString()),
    close: (goodbye) => arrived.push(`<${goodbye}>`),
  });
  carrier.set(flow, () => struck++);
  const say = (text: string) => carrier.carry(Buffer.from(text));
  return { carrier, arrived, say, strikes: () => struck };
}

describe('a carrier', () => {
  it('hands on at once what comes over an open line, and strikes nothing', () => {
    const { carrier, arrived, say, strikes } = setup();
    say('hello');
    carrier.carry('end');

    expect(arrived).toEqual(['hello', '<end>']);
    expect(strikes()).toBe(0);
  });

  it('carries nothing behind a goodbye, above all no reset that would overtake the last word', () => {
    const { carrier, arrived, say } = setup();
    carrier.carry('end');
    carrier.carry('reset');
    say('too late');

    expect(arrived).toEqual(['<end>']);
  });

  it('holds all in order until the line opens, and says that it did', () => {
    const { carrier, arrived, say, strikes } = setup('held');
    say('one');
    say('two');
    carrier.carry('reset');
    expect(arrived).toEqual([]);
    expect(strikes()).toBeGreaterThan(0);

    carrier.set('open');

    expect(arrived).toEqual(['one', 'two', '<reset>']);
  });

  it('hands on a throttled text in slices, whole and in order', async () => {
    const { carrier, arrived, say } = setup({ bytesPerSecond: 1_000 });
    say('x'.repeat(120));
    say('y');
    carrier.carry('end');

    await until(() => arrived.at(-1) === '<end>', { what: 'the goodbye' });

    expect(arrived).toEqual(['x'.repeat(50), 'x'.repeat(50), 'x'.repeat(20), 'y', '<end>']);
  });

  it('drops what it holds when it is told to', () => {
    const { carrier, arrived, say } = setup('held');
    say('one');
    carrier.discard();
    carrier.set('open');

    expect(arrived).toEqual([]);
  });
});
