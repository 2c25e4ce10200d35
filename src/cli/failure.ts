// How a command ends: the exit codes, and errors as lines for a terminal. Pure.
import { BreakwaterError, messageOf, type Problem } from '../kernel/index.ts';

export const EXIT = { ok: 0, failed: 1, wrongUse: 2 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The caller used the command wrongly: a file that is not there, a verb that is not built. */
export class WrongUse extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'WrongUse';
  }
}

export function exitCodeOf(error: unknown): ExitCode {
  const isWrongUse = error instanceof WrongUse || (error instanceof BreakwaterError && error.code === 'CONFIG');
  return isWrongUse ? EXIT.wrongUse : EXIT.failed;
}

/** One clear line, then one for each problem that it does not tell. Settings list their problems in the message. */
export function errorText(error: unknown): string {
  if (!(error instanceof BreakwaterError) || error.code === 'CONFIG') return `breakwater: ${messageOf(error)}\n`;
  const untold = error.problems.filter(({ message }) => !error.message.includes(message));
  return `breakwater: ${error.message}\n${untold.map((problem) => `  ${problemLine(problem)}\n`).join('')}`;
}

/** `file:line:column message`, the form that editors and terminals can jump to. */
export function problemLine({ path, line, column, message }: Problem, file?: string): string {
  if (line !== undefined) return `${file ?? path}:${line}:${column ?? 1} ${message}`;
  const where = [file, path].filter(Boolean).join(': ');
  return where === '' ? message : `${where} ${message}`;
}
