// One look at a whole set-up: settings, files, definitions and the database. Changes nothing.
import { workflowsDir, type Config } from '../../config.ts';
import { BreakwaterError, messageOf } from '../../kernel/index.ts';
import { connectAllTools, describedTools, findChromium, openSecrets, toolCatalog } from '../../tools/index.ts';
import type { Connections, Tool } from '../../tools/index.ts';
import type { CliIo } from '../io.ts';
import { checkDataDir } from './check-data-dir.ts';
import { checkDatabase } from './check-database.ts';
import { checkFolder, judgeTools } from './check-definitions.ts';
import { judgeLinks } from './check-links.ts';
import { checkSettings } from './check-settings.ts';
import { problem, type CheckResult, type Finding } from './finding.ts';
import type { UsedDefinition } from './used-definition.ts';

export async function examine({ environment, userTools }: CliIo): Promise<readonly CheckResult[]> {
  const { config, result: settings } = checkSettings(environment);
  const folder = workflowsDir(environment);
  const added = await userTools(folder);
  const definitions = await checkFolder(folder, toolCatalog(added));
  const database = await checkDatabase(config);
  const used = [...definitions.used, ...database.used];
  return [
    settings,
    await checkDataDir(config),
    checkSecrets(config, { environment, added }),
    definitions.result,
    ...(await checkTools(config, { environment, added }, used)),
    ...database.results,
  ];
}

const SANDBOX_PATIENCE_MS = 3_000;

interface Surroundings extends Pick<CliIo, 'environment'> {
  readonly added: readonly Tool[];
}

async function checkTools(
  config: Config,
  surroundings: Surroundings,
  used: readonly UsedDefinition[],
): Promise<CheckResult[]> {
  const { connections, findings } = connect(config, surroundings);
  const hasBrowser = await hasChromium(config);
  const called = new Set(used.flatMap(({ tools }) => [...tools]));
  return [
    {
      check: 'tools',
      looked: `${called.size} that definitions call${config.sandboxUrl === undefined ? '' : ', with a sandbox'}`,
      findings: [...findings, ...(await sandboxFindings(config)), ...judgeTools(used, connections, hasBrowser)],
    },
    {
      check: 'links',
      looked: config.baseUrl ?? 'no BREAKWATER_BASE_URL',
      findings: judgeLinks(used, connections, config),
    },
  ];
}

function connect(
  { toolEnv: ownEnvironment, sandboxUrl }: Config,
  { environment, added }: Surroundings,
): { connections: Connections; findings: readonly Finding[] } {
  try {
    const own = describedTools();
    return { connections: connectAllTools({ own, added, ownEnvironment, environment, sandboxUrl }), findings: [] };
  } catch (error) {
    return { connections: new Map(), findings: findingsOf(error, 'correct it; .env.example explains every setting') };
  }
}

async function sandboxFindings({ sandboxUrl }: Config): Promise<Finding[]> {
  if (sandboxUrl === undefined) return [];
  try {
    await fetch(`${sandboxUrl}/_ledger`, { signal: AbortSignal.timeout(SANDBOX_PATIENCE_MS) });
    return [];
  } catch (error) {
    const why = messageOf(error instanceof Error ? (error.cause ?? error) : error);
    const remedy = 'start it ("breakwater sandbox"), correct BREAKWATER_SANDBOX, or set it to off';
    return [problem(`Nothing answers at the sandbox, ${sandboxUrl} (${why})`, remedy)];
  }
}

function checkSecrets({ secretsFile: file }: Config, { environment, added }: Surroundings): CheckResult {
  const looked = file ?? 'no BREAKWATER_SECRETS_FILE';
  try {
    openSecrets({ file, environment, tools: [...describedTools(), ...added], defaultTenant: 'default' });
    return { check: 'secrets', looked, findings: [] };
  } catch (error) {
    return { check: 'secrets', looked, findings: findingsOf(error, 'mend the file; docs/security.md explains it') };
  }
}

function findingsOf(error: unknown, remedy: string): Finding[] {
  if (!(error instanceof BreakwaterError)) throw error;
  if (error.problems.length === 0) return [problem(error.message, remedy)];
  return error.problems.map(({ path, line, message }) =>
    problem([line === undefined ? path : `${path}:${line}`, message].join(' '), remedy),
  );
}

async function hasChromium({ chromium }: Config): Promise<boolean> {
  return await findChromium({ named: chromium }).then(
    () => true,
    () => false,
  );
}
