// The verbs of an operator in a terminal, against the real API: what they do is read from the runs.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Flow } from '../runs/live/flow.ts';
import { ADMIN_KEY, startLiveApp } from '../runs/live/live-app.ts';
import type { LiveApp } from '../runs/live/live-app.ts';
import { traces } from '../runs/control/verbs.ts';
import { breakwater } from './command-line.ts';

declare global {
  var plantedBugs: Set<string> | undefined;
}

const bugs = new Set<string>();
globalThis.plantedBugs = bugs;

let live: LiveApp;
beforeAll(async () => {
  const workflows = join(import.meta.dirname, '..', 'runs', 'control', 'workflows');
  live = await startLiveApp('cli_control', { env: { BREAKWATER_WORKFLOWS_DIR: workflows } });
});
afterAll(async () => await live.stop());

const refused = { fault: 'status', status: 422, times: 1 } as const;

function runs(...args: string[]) {
  return breakwater(['runs', ...args], { BREAKWATER_URL: live.app.url, BREAKWATER_KEY: ADMIN_KEY });
}

async function over(flow: Flow): Promise<string> {
  return (await flow.run([{ id: 'all', activities: [flow.write('a'), flow.write('b')] }])).id;
}

async function waiting(flow: Flow): Promise<string> {
  const id = await flow.start([{ id: 'signed', type: 'wait', wait: { message: 'signed' } }]);
  await flow.untilStatus(id, 'waiting');
  return id;
}

async function held(flow: Flow): Promise<string> {
  await flow.strike('b', refused);
  const id = await flow.start([{ id: 'all', activities: [flow.write('a'), flow.write('b')] }], { on_failure: 'ask' });
  await flow.untilStatus(id, 'held');
  return id;
}

describe('every verb', () => {
  it.concurrent.each([
    ['cancel', '--no-compensate'],
    ['pause', '--reason <text>'],
    ['resume', '--reason <text>'],
    ['release', '--reason <text>'],
    ['decide', '--decision <decision>'],
    ['compensate', '--reason <text>'],
    ['rewind', '--node <node>'],
    ['fork', '--input <json>'],
  ])('%s says what it does and takes', async (verb, option) => {
    const listed = await runs('--help');
    const { exitCode, stdout } = await runs(verb, '--help');

    expect(exitCode).toBe(0);
    expect(stdout).toContain(`Usage: breakwater runs ${verb} [options] <id>`);
    expect(stdout).toMatch(new RegExp(`^  ${option} +\\w`, 'm'));
    expect(listed.stdout).toMatch(new RegExp(`^  ${verb} `, 'm'));
  });

  it.concurrent.each([
    [['pause']],
    [['resume', 'run_1', 'run_2']],
    [['decide', 'run_1', '--decision', 'retry']],
    [['decide', 'run_1', '--node', 'all.b']],
    [['decide', 'run_1', '--node', 'all.b', '--decision', 'again']],
    [['rewind', 'run_1']],
    [['fork', 'run_1', '--input', '{}']],
    [['compensate', 'run_1', '--node', 'all.b']],
    [['fork', 'run_1', '--node', 'all.b', '--input', '{']],
    [['decide', 'run_1', '--node', 'all.b', '--decision', 'retry', '--with', 'path: x']],
  ])('%j is wrong use: 2, and nothing on stdout', async (args) => {
    const ended = await runs(...args);

    expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
    expect(ended.stderr).not.toBe('');
  });

  it.concurrent.each(['pause', 'resume', 'release', 'compensate'])('%s of no run is refused', async (verb) => {
    expect(await runs(verb, 'run_none')).toEqual(
      expect.objectContaining({ exitCode: 1, stdout: '', stderr: 'breakwater: No run "run_none".\n' }),
    );
  });
});

describe('a verb that the state does not allow', () => {
  it.concurrent('ends 1 with the reason, of a run that is over', async () => {
    const id = await over(live.flow());

    for (const [verb, reason] of [
      ['pause', 'is over (succeeded)'],
      ['resume', 'is over (succeeded)'],
      ['release', 'is not stuck: there is nothing to release'],
    ] as const)
      expect(await runs(verb, id)).toMatchObject({
        exitCode: 1,
        stdout: '',
        stderr: `breakwater: Run ${id} ${reason}.\n`,
      });
  });

  it.concurrent('ends 1 with the reason, of a run that is not', async () => {
    const id = await waiting(live.flow());

    for (const args of [
      ['rewind', id, '--node', 'signed'],
      ['fork', id, '--node', 'signed'],
      ['compensate', id],
    ])
      expect(await runs(...args)).toMatchObject({
        exitCode: 1,
        stdout: '',
        stderr: `breakwater: Run ${id} is not over yet: wait for its end, or cancel it.\n`,
      });
    const decided = await runs('decide', id, '--node', 'signed', '--decision', 'retry');
    expect(decided).toMatchObject({ exitCode: 1, stdout: '' });
    expect(decided.stderr).toContain(`Run ${id} asks for no decision`);
  });
});

describe('pause and resume', () => {
  it.concurrent('hold a run up and let it go on, with a reason that is kept', async () => {
    const flow = live.flow();
    const id = await waiting(flow);

    const paused = await runs('pause', id, '--reason', 'a freeze');
    const resumed = await runs('resume', id, '--json');

    expect(paused).toMatchObject({ exitCode: 0, stdout: `${id} is asked to pause; it is paused\n`, stderr: '' });
    expect(resumed.exitCode).toBe(0);
    expect(resumed.json()).toMatchObject({ id });
    expect((await flow.untilStatus(id, 'waiting')).status).toBe('waiting');
    expect((await traces(live, id)).audit).toEqual(['run.pause', 'run.resume']);
    const [event] = await live.knex('breakwater.event').where({ run_id: id, kind: 'control.pause' });
    expect(event).toMatchObject({ data: { reason: 'a freeze' } });
  });
});

describe('release', () => {
  it.concurrent('lets a stuck run go on once its cause is fixed', async () => {
    const flow = live.flow();
    bugs.add(flow.name);
    const { body } = await live.call('POST', '/v1/runs', { workflow: 'buggy', input: { folder: flow.name } });
    const id = String(body['id']);
    await flow.untilStatus(id, 'stuck');
    bugs.delete(flow.name);

    const released = await runs('release', id);

    expect(released.exitCode).toBe(0);
    expect(released.stdout).toMatch(new RegExp(`^${id} is asked to go on; it is \\w+\n$`));
    expect((await flow.end(id)).status).toBe('succeeded');
  });
});

describe('decide', () => {
  it.concurrent('tries a failed node again, with other arguments', async () => {
    const flow = live.flow();
    const id = await held(flow);

    const patch = JSON.stringify({ path: `${flow.name}/elsewhere` });
    const decided = await runs('decide', id, '--node', 'all.b', '--decision', 'retry', '--with', patch);

    expect(decided.exitCode).toBe(0);
    expect(decided.stdout).toContain(`${id} is asked to go on as decided; it is `);
    expect((await flow.end(id)).status).toBe('succeeded');
    expect(await flow.files()).toEqual(['a', 'elsewhere']);
  });

  it.concurrent('says where a decision is wrong, and leaves the run as it was', async () => {
    const flow = live.flow();
    const id = await held(flow);

    const node = await runs('decide', id, '--node', 'all.a', '--decision', 'retry');
    const value = await runs('decide', id, '--node', 'all.b', '--decision', 'skip', '--value', '"nonsense"');

    for (const ended of [node, value]) expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
    expect(node.stderr).toBe('breakwater: The decision cannot be made: "all.a" has not failed; failed: all.b.\n');
    expect(value.stderr).toMatch(/^ {2}\/value/m);
    expect((await flow.view(id)).status).toBe('held');
  });
});

describe('compensate', () => {
  it.concurrent('takes a run that is over back, once', async () => {
    const flow = live.flow();
    const id = await over(flow);

    const asked = await runs('compensate', id, '--reason', 'not needed');

    expect(asked.exitCode).toBe(0);
    expect(asked.stdout).toContain(`${id} is asked to take back what it did; it is `);
    expect((await flow.end(id)).status).toBe('compensated');
    expect(await flow.files()).toEqual([]);
    expect(await runs('compensate', id)).toMatchObject({
      exitCode: 1,
      stderr: `breakwater: Run ${id} is undone already.\n`,
    });
  });
});

describe('rewind', () => {
  it.concurrent('repeats a node and what was built on it', async () => {
    const flow = live.flow();
    const id = await over(flow);

    const unknown = await runs('rewind', id, '--node', 'all.bb');
    const rewound = await runs('rewind', id, '--node', 'all.b');

    expect(unknown).toMatchObject({ exitCode: 1, stdout: '' });
    expect(unknown.stderr).toContain('no node "all.bb"; did you mean "all.b"?');
    expect(rewound.exitCode).toBe(0);
    expect(rewound.stdout).toContain(`${id} is asked to go on from there; it is `);
    expect((await flow.end(id)).status).toBe('succeeded');
    expect(await flow.told()).toEqual(['write a', 'write b', 'undo b', 'write b']);
  });
});

describe('fork', () => {
  it.concurrent('starts another run that goes on from a node, and prints its id', async () => {
    const flow = live.flow();
    const id = await over(flow);

    const forked = await runs('fork', id, '--node', 'all.b', '--input', '{"round":2}', '--json');

    expect(forked.exitCode).toBe(0);
    const { id: forkId } = forked.json() as { id: string };
    expect(forkId).not.toBe(id);
    expect(await flow.end(forkId)).toMatchObject({ status: 'succeeded', input: { round: 2 } });
    const told = await runs('fork', id, '--node', 'all.b', '--key', `again ${id}`);
    expect(told.stdout).toMatch(new RegExp(`^run_\\S+ is a fork of ${id}; it is \\w+\n$`));
    const again = await runs('fork', id, '--node', 'all.b', '--key', `again ${id}`);
    expect(again.stdout.split(' ')[0]).toBe(told.stdout.split(' ')[0]);
  });
});
