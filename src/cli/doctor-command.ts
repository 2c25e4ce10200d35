// `breakwater doctor`: tells in words what is wrong with this set-up, and what mends it. Exits 1 when there is a problem.
import type { Command } from 'commander';
import { printJson, withJson, type Context } from './command-context.ts';
import { examine } from './doctor/examine.ts';
import type { CheckResult, Finding } from './doctor/finding.ts';
import { EXIT } from './failure.ts';
import { paint, type Screen } from './screen.ts';

export function addDoctor(program: Command, context: Context): void {
  withJson(program.command('doctor'))
    .description('tell what is wrong with this set-up, and what mends it; changes nothing')
    .action(async ({ json }: { json?: boolean }) => {
      const { io } = context;
      const results = await examine(io);
      const findings = results.flatMap(({ check, findings: found }) => found.map((each) => ({ check, ...each })));
      const ok = !findings.some(({ level }) => level === 'problem');
      if (!ok) context.exitCode = EXIT.failed;
      if (json) return printJson(io, { ok, findings, checks: results.map(({ check, looked }) => ({ check, looked })) });
      io.stdout(reportText(results, io.screen));
    });
}

const WIDTH = 'data directory'.length;

function reportText(results: readonly CheckResult[], screen?: Screen): string {
  const lines = results.flatMap((result) => [headOf(result, screen), ...result.findings.flatMap(findingLines)]);
  return `${lines.join('\n')}\n\n${verdict(results.flatMap(({ findings }) => findings))}\n`;
}

function headOf({ check, looked, findings }: CheckResult, screen?: Screen): string {
  const worst = findings.some(({ level }) => level === 'problem') ? 'PROBLEM' : findings[0]?.level;
  const mark = (worst ?? 'ok').padEnd('PROBLEM'.length);
  const colour = worst === undefined ? 'green' : worst === 'PROBLEM' ? 'red' : 'yellow';
  return `${paint(screen, colour, mark)}  ${check.padEnd(WIDTH)}  ${looked}`;
}

function findingLines({ level, fault, remedy }: Finding): string[] {
  return [`         ${level === 'warning' ? 'Warning: ' : ''}${fault}.`, `         Remedy: ${remedy}.`];
}

function verdict(findings: readonly Finding[]): string {
  const problems = findings.filter(({ level }) => level === 'problem').length;
  const parts = [counted(problems, 'problem'), counted(findings.length - problems, 'warning')].filter(Boolean);
  return parts.length === 0 ? 'Nothing is wrong.' : `${parts.join(' and ')}.`;
}

function counted(count: number, what: string): string {
  return count === 0 ? '' : `${count} ${what}${count === 1 ? '' : 's'}`;
}
