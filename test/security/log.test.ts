// No line of the log holds a secret, whatever a room put into it.
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Program } from '../support/program.ts';

it('is redacted as it is written: names, fields, keys and errors', async () => {
  const secret = 'say "hunter2" \\ and/more';
  const program = new Program(fileURLToPath(new URL('programs/log-line.ts', import.meta.url)), [secret]);

  expect(await program.exitCode()).toBe(0);

  expect(JSON.parse(program.stderr)).toMatchObject({
    msg: 'test.secret://a',
    plain: 'secret://a',
    'secret://a': 1,
    deep: [{ text: '<secret://a>' }],
  });
  expect(program.stderr).not.toContain('hunter2');
});
