// What the doctor says: one check, what it looked at, and what is wrong there with its remedy. Shapes only.

export interface Finding {
  /** A warning harms nothing yet: it does not make the command fail. */
  readonly level: 'problem' | 'warning';
  /** What is wrong, as a sentence without its stop. */
  readonly fault: string;
  readonly remedy: string;
}

export interface CheckResult {
  readonly check: string;
  /** What was looked at, or why it could not be. */
  readonly looked: string;
  readonly findings: readonly Finding[];
}

export function problem(fault: string, remedy: string): Finding {
  return { level: 'problem', fault, remedy };
}

export function warning(fault: string, remedy: string): Finding {
  return { level: 'warning', fault, remedy };
}
