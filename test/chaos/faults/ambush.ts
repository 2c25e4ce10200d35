// The faults of one proxy that lie in wait for a statement, and their verdict on each that comes. Pure but for its counts.
import { Charge, type ArmedFault, type LandedFault } from './landed.ts';
import { severityOf, type SqlState } from './sqlstates.ts';
import { matches, type Match, type Statement } from './statement.ts';

export interface AmbiguousCommitOptions {
  /** What must commit, whether by itself or by the COMMIT of its transaction, and change a row. Default: anything. */
  readonly match?: Match;
  /** Which of the matching commits. Default: the first. */
  readonly nth?: number;
}

export interface AnswerErrorOptions {
  /** Making a connection, or which statement. Default: any statement but a rollback. */
  readonly match?: 'connect' | Match;
  /** How many in a row. Default 1. */
  readonly times?: number;
  /** Which of the matching occasions is the first. Default 1. */
  readonly nth?: number;
}

/** A statement that the server has answered without an error. */
export interface Done {
  readonly statement: Statement;
  /** That it changed; undefined when its answer does not say. */
  readonly rows: number | undefined;
}

export interface PlannedError {
  readonly charge: Charge;
  readonly sqlstate: string;
  readonly severity: SqlState['severity'];
  readonly match: 'connect' | Match;
}

interface PlannedLoss {
  readonly charge: Charge;
  readonly match: Match;
}

export class Ambush {
  readonly #log: LandedFault[];
  #errors: PlannedError[] = [];
  #losses: PlannedLoss[] = [];

  constructor(log: LandedFault[]) {
    this.#log = log;
  }

  ambiguousCommit({ match = ({ writes }) => writes, nth }: AmbiguousCommitOptions = {}): ArmedFault {
    const charge = new Charge('ambiguous commit', this.#log, { nth });
    this.#losses = [...this.#losses.filter((each) => each.charge.armed), { charge, match }];
    return charge;
  }

  answerError(sqlstate: string, options: AnswerErrorOptions = {}): ArmedFault {
    if (!/^[0-9A-Z]{5}$/.test(sqlstate)) throw new TypeError(`${sqlstate} is no SQLSTATE`);
    const { match = ({ kind }) => kind !== 'rollback', nth, times } = options;
    const charge = new Charge(`answer ${sqlstate}`, this.#log, { nth, times });
    const planned = { charge, sqlstate, severity: severityOf(sqlstate), match };
    this.#errors = [...this.#errors.filter((each) => each.charge.armed), planned];
    return charge;
  }

  /** The error to refuse a new connection with. */
  onConnect(): PlannedError | undefined {
    return this.#errors.find(({ match, charge }) => match === 'connect' && charge.take());
  }

  /** The error to answer with instead of asking the server. */
  onStatements(statements: readonly Statement[]): PlannedError | undefined {
    return this.#errors.find(
      ({ match, charge }) =>
        match !== 'connect' && statements.some((statement) => matches(match, statement)) && charge.take(),
    );
  }

  /** May the commit of these statements be one to lose the answer of? */
  mayLose(statements: readonly Statement[]): boolean {
    return this.#losses.some(
      ({ match, charge }) => charge.armed && statements.some((statement) => matches(match, statement)),
    );
  }

  /** These have been committed, and something was written: the answer to lose, if any. */
  onCommitted(done: readonly Done[]): Charge | undefined {
    const effective = done.filter(({ rows }) => rows !== 0).map(({ statement }) => statement);
    return this.#losses.find(
      ({ match, charge }) => effective.some((statement) => matches(match, statement)) && charge.take(),
    )?.charge;
  }
}
