// Who a process is beyond its pid, which the system reuses: `<pid>-<start time>`. Reads /proc, or asks ps where there is none.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** Undefined when no such process runs (a zombie does not). */
export function processIdentity(pid: number): string | undefined {
  const startedAt = existsSync('/proc/self/stat') ? startFromProc(pid) : startFromPs(pid);
  return startedAt === undefined ? undefined : `${pid}-${startedAt}`;
}

/** Is the process that this identity named still there? */
export function isAlive(identity: string): boolean {
  return processIdentity(Number.parseInt(identity, 10)) === identity;
}

function startFromProc(pid: number): string | undefined {
  if (!existsSync(`/proc/${pid}/stat`)) return undefined;
  return startOf(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

// The command, field 2, is in parentheses and may hold anything; field 3 is the state, field 22 the start in clock ticks.
function startOf(stat: string): string | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  return state === 'Z' || state === 'X' ? undefined : fields[19];
}

function startFromPs(pid: number): string | undefined {
  try {
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' });
    return String(Date.parse(started.trim()));
  } catch {
    return undefined; // ps exits with 1 when there is no such process
  }
}
