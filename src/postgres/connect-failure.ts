// Why a database cannot be used, as one line with the remedy. The URL's password is never shown. Pure.
import { BreakwaterError, messageOf } from '../kernel/index.ts';
import { codeOf } from './error-code.ts';

/** For the codes that people meet: what is wrong, and what to do about it. */
const REMEDIES: Readonly<Record<string, readonly [why: string, remedy: string]>> = {
  ECONNREFUSED: ['nothing listens there', 'start Postgres, or unset DBOS_SYSTEM_DATABASE_URL to use the embedded one'],
  ENOTFOUND: ['that host name is unknown', 'correct the host in DBOS_SYSTEM_DATABASE_URL'],
  EAI_AGAIN: ['that host name cannot be resolved right now', 'check DNS, or the host in DBOS_SYSTEM_DATABASE_URL'],
  ETIMEDOUT: ['it does not answer', 'check the network and the firewall'],
  ECONNRESET: ['it does not answer', 'check the network and whether that port is really Postgres'],
  '28P01': ['the password was refused', 'correct it in DBOS_SYSTEM_DATABASE_URL'],
  '28000': ['the login was refused', 'correct the user in DBOS_SYSTEM_DATABASE_URL, or allow it in pg_hba.conf'],
  '3D000': ['there is no such database', 'create it, or correct the name in DBOS_SYSTEM_DATABASE_URL'],
  '42501': ['the user lacks the right to do so', 'grant it, or create the database beforehand'],
  '53300': ['it has no connection left', 'raise max_connections or stop other clients'],
  '57P03': ['it is starting up or shutting down', 'try again in a moment'],
};

export function explainConnectFailure(url: string, error: unknown): BreakwaterError {
  const { fault, remedy } = describeConnectFailure(url, error);
  return new BreakwaterError('DATABASE', [fault, remedy].filter(Boolean).join(': '), { cause: error });
}

/** The same in two parts; no remedy for what people do not meet. */
export function describeConnectFailure(url: string, error: unknown): { fault: string; remedy?: string } {
  const [why, remedy] = REMEDIES[codeOf(error) ?? ''] ?? [messageOf(error)];
  return { fault: `Cannot use the database ${describeUrl(url)}: ${why}`, ...(remedy !== undefined && { remedy }) };
}

/** `breakwater at db.example:5432 as app`: what a person needs of a URL, and nothing secret. */
export function describeUrl(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return '(an unreadable URL)';
  const host = `${parsed.hostname || 'localhost'}:${parsed.port || '5432'}`;
  const user = parsed.username && ` as ${decodeURIComponent(parsed.username)}`;
  return `${decodeURIComponent(parsed.pathname.slice(1)) || 'postgres'} at ${host}${user}`;
}
