// What passes over one connection, understood: batch by batch, each sent on only when the one before it has been answered.
// Decides and keeps count; its ends do the sending.
import type { Ambush, Done, PlannedError } from './ambush.ts';
import { Probe } from './probe.ts';
import { meaningOf, type Statement, type StatementCounts } from './statement.ts';
import {
  FrameReader,
  NO_ENCRYPTION,
  applicationOf,
  changedRowsOf,
  fatalError,
  openingOf,
  simpleQuery,
  sqlstateOf,
  statusOf,
  textsOf,
  type Frame,
  type TransactionStatus,
} from './wire.ts';

export interface Ends {
  toServer(bytes: Buffer): void;
  toClient(bytes: Buffer): void;
  /** Resets both sides. */
  cut(): void;
  /** The client reads what it was sent, then the end; the server's side is dropped. */
  hangUp(): void;
}

/** Messages that the server answers as a whole: a simple query, or all up to a Sync. */
interface Batch {
  readonly frames: Frame[];
  readonly texts: string[];
  /** It ends with a ReadyForQuery. A part that is flushed before its Sync does not, nor does a Terminate. */
  answered: boolean;
  /** No fault may strike: part of it is with the server already. */
  spared: boolean;
}

/** What the server is answering. */
type Exchange =
  | { readonly kind: 'login' }
  | {
      readonly kind: 'passed';
      readonly statements: readonly Statement[];
      readonly tags: string[];
      readonly probe: Probe | undefined;
      /** Undefined: the answer passes as it comes. */
      readonly held: Buffer[] | undefined;
      failed: boolean;
    }
  | {
      readonly kind: 'replaced';
      readonly error: PlannedError;
      readonly statements: readonly Statement[];
      landed: boolean;
    };

const ENDS_BATCH = new Set(['Q', 'S', 'F']);
const TERMINATE = 'X';
const FLUSH = 'H';
/** Passwords and the data of a COPY belong to the exchange that is under way. */
const BELONGS_TO_EXCHANGE = new Set(['p', 'd', 'c', 'f']);
/** Notice, notification, parameter status: not part of any answer. */
const UNASKED = new Set(['N', 'A', 'S']);

export class Conversation {
  readonly #number: number;
  readonly #ends: Ends;
  readonly #ambush: Ambush;
  readonly #seen: StatementCounts;
  readonly #fromClient = new FrameReader();
  readonly #fromServer = new FrameReader();
  readonly #prepared = new Map<string, string>();
  readonly #portals = new Map<string, string>();
  readonly #waiting: Batch[] = [];
  #open = newBatch();
  #exchange: Exchange | undefined;
  #opened = false;
  #over = false;
  #application = '';
  #status: TransactionStatus = 'I';
  #transaction: Done[] = [];

  constructor(number: number, parts: { ends: Ends; ambush: Ambush; seen: StatementCounts }) {
    this.#number = number;
    this.#ends = parts.ends;
    this.#ambush = parts.ambush;
    this.#seen = parts.seen;
  }

  fromClient(chunk: Buffer): void {
    this.#fromClient.push(chunk);
    while (!this.#over) {
      const frame = this.#fromClient.next(this.#opened);
      if (frame === undefined) return;
      if (this.#opened) this.#onClientFrame(frame);
      else this.#onOpening(frame);
    }
  }

  fromServer(chunk: Buffer): void {
    this.#fromServer.push(chunk);
    while (!this.#over) {
      const frame = this.#fromServer.next(true);
      if (frame === undefined) return;
      this.#onServerFrame(frame);
    }
  }

  /** The connection is gone: a strike that was under way came to nothing. */
  abandon(): void {
    this.#over = true;
    if (this.#exchange?.kind === 'replaced' && !this.#exchange.landed) this.#exchange.error.charge.miss();
    this.#exchange = undefined;
  }

  #onOpening(frame: Frame): void {
    const opening = openingOf(frame);
    if (opening === 'encryption') return this.#ends.toClient(NO_ENCRYPTION);
    if (opening === 'cancel') return this.#ends.toServer(frame.bytes);
    this.#opened = true;
    this.#application = applicationOf(frame);
    const error = this.#ambush.onConnect();
    if (error !== undefined) return this.#end(error, `a login of ${this.#application || 'a client'}`);
    this.#exchange = { kind: 'login' };
    this.#ends.toServer(frame.bytes);
  }

  #onClientFrame(frame: Frame): void {
    if (BELONGS_TO_EXCHANGE.has(frame.type)) return this.#ends.toServer(frame.bytes);
    this.#open.frames.push(frame);
    this.#open.texts.push(...this.#readStatement(frame));
    if (ENDS_BATCH.has(frame.type)) this.#complete({ answered: true });
    else if (frame.type === FLUSH || frame.type === TERMINATE) this.#complete({ answered: false });
  }

  #complete({ answered }: { answered: boolean }): void {
    this.#waiting.push({ ...this.#open, answered, spared: this.#open.spared || !answered });
    this.#open = newBatch({ spared: !answered });
    this.#sendNext();
  }

  /** The text that a message executes, if it executes one. */
  #readStatement(frame: Frame): string[] {
    if (frame.type === 'Q') return textsOf(frame, 1);
    if (frame.type === 'P') {
      const [name = '', text = ''] = textsOf(frame, 2);
      this.#prepared.set(name, text);
    } else if (frame.type === 'B') {
      const [portal = '', name = ''] = textsOf(frame, 2);
      this.#portals.set(portal, this.#prepared.get(name) ?? '');
    } else if (frame.type === 'E') {
      return [this.#portals.get(textsOf(frame, 1)[0] ?? '') ?? ''];
    }
    return [];
  }

  #sendNext(): void {
    while (this.#exchange === undefined && !this.#over) {
      const batch = this.#waiting.shift();
      if (batch === undefined) return;
      this.#send(batch);
    }
  }

  #send({ frames, texts, answered, spared }: Batch): void {
    const statements = this.#understand(texts);
    const mayStrike = !spared && this.#status !== 'E' && statements.length > 0;
    const error = mayStrike ? this.#ambush.onStatements(statements) : undefined;
    if (error !== undefined) return this.#strike(error, statements);
    const mayCommit = this.#status === 'I' || statements.some(({ kind }) => kind === 'commit');
    const isStaked = mayStrike && mayCommit && this.#ambush.mayLose([...this.#soFar(), ...statements]);
    const probe = isStaked ? Probe.for(frames, this.#status, statements.length) : undefined;
    const held = isStaked ? [] : undefined;
    if (answered) this.#exchange = { kind: 'passed', statements, tags: [], probe, held, failed: false };
    this.#ends.toServer(probe?.bytes ?? Buffer.concat(frames.map(({ bytes }) => bytes)));
  }

  #understand(texts: readonly string[]): Statement[] {
    const transaction = this.#soFar().map(({ kind }) => kind);
    return texts.map((sql) => {
      const meaning = meaningOf(sql);
      this.#seen[meaning.kind]++;
      return { sql, ...meaning, application: this.#application, transaction };
    });
  }

  #soFar(): Statement[] {
    return this.#transaction.map(({ statement }) => statement);
  }

  // The server itself raises the error, so that both ends agree on what has become of the transaction.
  #strike(error: PlannedError, statements: readonly Statement[]): void {
    if (error.severity === 'FATAL') return this.#end(error, shown(statements));
    this.#exchange = { kind: 'replaced', error, statements, landed: false };
    const raise = `do $$ begin raise exception 'planted by a test' using errcode = '${error.sqlstate}'; end $$`;
    // A COMMIT that fails has ended its transaction.
    const commits = statements.some(({ kind }) => kind === 'commit');
    this.#ends.toServer(simpleQuery(commits ? `rollback; ${raise}` : raise));
  }

  #end({ charge, sqlstate }: PlannedError, what: string): void {
    this.#ends.toClient(fatalError(sqlstate, 'planted by a test'));
    charge.land(what, this.#number);
    this.abandon();
    this.#ends.hangUp();
  }

  #onServerFrame(frame: Frame): void {
    const exchange = this.#exchange;
    if (exchange?.kind === 'passed') this.#onAnswer(frame, exchange);
    else if (exchange?.kind === 'replaced') this.#onReplacement(frame, exchange);
    else this.#ends.toClient(frame.bytes);
    if (frame.type !== 'Z' || this.#over) return;
    this.#exchange = undefined;
    this.#sendNext();
  }

  #onAnswer(frame: Frame, exchange: Exchange & { kind: 'passed' }): void {
    if (exchange.probe?.takes(frame)) return;
    if (frame.type === 'C') exchange.tags.push(textsOf(frame, 1)[0] ?? '');
    if (frame.type === 'E') exchange.failed = true;
    if (exchange.held === undefined) this.#ends.toClient(frame.bytes);
    else exchange.held.push(frame.bytes);
    if (frame.type === 'Z') this.#onAnswered(statusOf(frame), exchange);
  }

  #onAnswered(status: TransactionStatus, exchange: Exchange & { kind: 'passed' }): void {
    const { statements, tags, held, failed } = exchange;
    const done = failed ? this.#transaction : [...this.#transaction, ...pair(statements, tags)];
    this.#status = status;
    this.#transaction = status === 'I' ? [] : done;
    if (held === undefined) return;
    const committed = status === 'I' && !failed && !tags.includes('ROLLBACK');
    const wrote = exchange.probe?.wrote ?? done.some(({ rows = 0 }) => rows > 0);
    const charge = committed && wrote ? this.#ambush.onCommitted(done) : undefined;
    if (charge === undefined) return this.#ends.toClient(Buffer.concat(held));
    charge.land(shown(done.map(({ statement }) => statement)), this.#number);
    this.abandon();
    this.#ends.cut();
  }

  // Of the answer to what the proxy asked, the client gets to see the error and where its transaction stands.
  #onReplacement(frame: Frame, exchange: Exchange & { kind: 'replaced' }): void {
    const { error, statements } = exchange;
    if (frame.type === 'E' && sqlstateOf(frame) === error.sqlstate) {
      exchange.landed = true;
      error.charge.land(shown(statements), this.#number);
    }
    if (frame.type === 'E' || frame.type === 'Z' || UNASKED.has(frame.type)) this.#ends.toClient(frame.bytes);
    if (frame.type !== 'Z') return;
    if (!exchange.landed) error.charge.miss();
    this.#status = statusOf(frame);
    if (this.#status === 'I') this.#transaction = [];
  }
}

function newBatch({ spared = false }: { spared?: boolean } = {}): Batch {
  return { frames: [], texts: [], answered: true, spared };
}

/** With its own rows, or, where one text holds several statements, with all of theirs. */
function pair(statements: readonly Statement[], tags: readonly string[]): Done[] {
  const rows = tags.map(changedRowsOf);
  const all = rows.reduce((sum, each) => (each === undefined ? sum : (sum ?? 0) + each), undefined);
  return statements.map((statement, index) => ({
    statement,
    rows: statements.length === tags.length ? rows[index] : all,
  }));
}

function shown(statements: readonly Statement[]): string {
  const text = statements.map(({ kind, sql }) => (kind === 'other' || kind === 'write' ? firstWords(sql) : kind));
  return text.join(', ');
}

function firstWords(sql: string): string {
  return sql.trim().replaceAll(/\s+/g, ' ').slice(0, 60);
}
