// docs/security.md keeps its word about secrets: its examples are files, and what they say is accepted.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { compileDefinition } from '../../src/definitions/index.ts';
import { packageRoot } from '../../src/postgres/index.ts';
import { createHttp } from '../../src/tools/http.ts';
import { toolCatalog } from '../../src/tools/index.ts';
import { createOutboundGuard } from '../../src/tools/outbound-guard.ts';
import { openSecrets } from '../../src/tools/secrets.ts';

const page = readFileSync(join(packageRoot(), 'docs', 'security.md'), 'utf8');
const example = (name: string) => readFileSync(join(packageRoot(), 'docs', 'examples', name), 'utf8');

describe('the examples of secrets', () => {
  it.each(['secrets.yaml', 'partner/place-order.yaml', 'partner/place-order.ts'])(
    'are shown as they stand in %s',
    (name) => {
      expect(page).toContain(example(name));
    },
  );

  it('are a secrets file that is accepted', () => {
    const folder = mkdtempSync(join(tmpdir(), 'breakwater-docs-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'secrets.yaml');
    writeFileSync(join(folder, 'partner-signing-key'), 'key-of-this-test\n');
    writeFileSync(file, example('secrets.yaml').replace('/run/secrets', folder));
    chmodSync(file, 0o600);
    const tools = [createHttp(createOutboundGuard())];
    const environment = { PARTNER_TOKEN: 'token-of-this-test' };

    const secrets = openSecrets({ file, environment, tools, defaultTenant: 'default' });

    const found = secrets.find('partner-token', { tool: 'http', tenant: 'default' });
    expect(found).toMatchObject({ ok: true, secret: { sent: 'Bearer token-of-this-test' } });
    expect(secrets.find('partner-signing-key', { tool: 'http', tenant: 'beta' })).toMatchObject({ ok: true });
  });

  it('are a definition that is accepted', () => {
    expect(compileDefinition(example('partner/place-order.yaml'), { catalog: toolCatalog() })).toMatchObject({
      ok: true,
      warnings: [],
    });
  });
});
