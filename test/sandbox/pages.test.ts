import { describe, expect, it } from 'vitest';
import { openSandbox } from './open-sandbox.ts';

describe('the pages', () => {
  it.each(['', '/', '/features', '/pricing', '/blog'])('serve a company at "%s" without a credential', async (path) => {
    await using sandbox = await openSandbox();

    const { status, headers, body } = await sandbox.call<string>('GET', `/pages/competitor${path}`, undefined, {});

    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(body).toMatch(/<title>Competitor: .+<\/title>/);
    expect(body.match(/<h1>/g)).toHaveLength(1);
  });

  it('are the same at every visit and differ by company', async () => {
    await using sandbox = await openSandbox();
    const pricing = async (name: string) => (await sandbox.call<string>('GET', `/pages/${name}/pricing`)).body;

    expect(await pricing('harbor')).toBe(await pricing('harbor'));
    expect((await pricing('harbor')).replaceAll('Harbor', '')).not.toBe(
      (await pricing('tidewater')).replaceAll('Tidewater', ''),
    );
    expect(await pricing('harbor')).toMatch(/<td class="price">\$\d+\/month<\/td>/);
  });

  it('let no name become markup', async () => {
    await using sandbox = await openSandbox();

    const { body } = await sandbox.call<string>('GET', `/pages/${encodeURIComponent('<script>x</script>')}`);

    expect(body).not.toContain('<script>');
  });

  it('answer 404 as a page and leave no object behind', async () => {
    await using sandbox = await openSandbox();

    expect(await sandbox.call('GET', '/pages/competitor/careers')).toMatchObject({
      status: 404,
      body: expect.stringContaining('<h1>Page not found</h1>'),
    });
    expect(await sandbox.ledger('pages')).toEqual([]);
    expect(await sandbox.calls('pages')).toMatchObject([{ path: '/competitor/careers', status: 404 }]);
  });
});
