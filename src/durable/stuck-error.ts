// Why a run is set aside when it was no error of its own body that did it: a code, what happened, and what a person can do.

export type StuckCode = 'POISON' | 'UNKNOWN_WORKFLOW' | 'UNREADABLE_INPUT';

export class StuckError extends Error {
  readonly code: StuckCode;
  readonly remedy: string;

  constructor(code: StuckCode, message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StuckError';
    this.code = code;
    this.remedy = remedy;
  }
}
