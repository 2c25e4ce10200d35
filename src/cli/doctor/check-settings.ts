// Do the settings mean something? Those that do not are left out, so that everything else can be looked at all the same. Pure.
import { loadConfig, type Config, type Environment } from '../../config.ts';
import { BreakwaterError } from '../../kernel/index.ts';
import { problem, type CheckResult } from './finding.ts';

const REMEDY = 'correct or remove it; .env.example explains every setting';
/** They mean something only together. */
const OIDC = 'BREAKWATER_OIDC_';

export function checkSettings(environment: Environment): { config: Config; result: CheckResult } {
  try {
    return { config: loadConfig(environment), result: resultOf([]) };
  } catch (error) {
    if (!(error instanceof BreakwaterError)) throw error;
    const wrong = error.problems.map(({ path }) => path);
    const faults = error.problems.map(({ path, message }) => `${path} ${message}`);
    return { config: loadConfig(withoutThose(environment, wrong)), result: resultOf(faults) };
  }
}

function withoutThose(environment: Environment, wrong: readonly string[]): Environment {
  const isWrong = (name: string): boolean =>
    wrong.includes(name) || (name.startsWith(OIDC) && wrong.some((other) => other.startsWith(OIDC)));
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !isWrong(name)));
}

function resultOf(faults: readonly string[]): CheckResult {
  const looked = faults.length === 0 ? 'every name and value means something' : 'what is wrong is left out below';
  return { check: 'settings', looked, findings: faults.map((fault) => problem(fault, REMEDY)) };
}
