// A question slipped into a client's own messages: has this transaction written anything? Its answer is kept from the client. Pure.
import {
  binding,
  closing,
  execution,
  parsing,
  simpleQuery,
  textsOf,
  SYNC,
  type Frame,
  type TransactionStatus,
} from './wire.ts';

const QUESTION = 'select pg_current_xact_id_if_assigned() is not null';
const NAME = 'breakwater_probe';
/** Asked in the extended protocol, within the implicit transaction that a Sync will commit. */
const ASKED = Buffer.concat([parsing(NAME, QUESTION), binding(NAME, NAME), execution(NAME), closing(NAME)]);

/** The last byte of a row whose one column, as text, is `t`. */
const TRUE = 0x74;
const COMPLETES = new Set(['C', 'I', 's']);
/** Parsed, bound, closed; described, a row, complete. */
const OF_THE_ANSWER = new Set(['1', '2', '3', 'T', 'D', 'C']);

/** The tag of a statement says how many rows it changed, unless it writes within a WITH: then only the transaction knows. */
export class Probe {
  /** What to send instead of the client's own messages: the same, and the question. */
  readonly bytes: Buffer;
  /** Undefined until it is answered. */
  wrote: boolean | undefined;
  /** Statements of the client that complete before the question is asked. */
  #before: number;
  /** The question comes last: all that is left belongs to it. */
  readonly #isLast: boolean;
  #complete = false;

  private constructor(bytes: Buffer, place: { before: number; isLast: boolean }) {
    this.bytes = bytes;
    this.#before = place.before;
    this.#isLast = place.isLast;
  }

  /** Before a COMMIT, or behind what a Sync is about to commit. Undefined where there is no room for a question. */
  static for(frames: readonly Frame[], status: TransactionStatus, statements: number): Probe | undefined {
    const [first] = frames;
    if (status === 'T' && frames.length === 1 && first?.type === 'Q') {
      return new Probe(simpleQuery(`${QUESTION}; ${textsOf(first, 1)[0] ?? ''}`), { before: 0, isLast: false });
    }
    if (status !== 'I' || frames.at(-1)?.type !== 'S') return undefined;
    const own = frames.slice(0, -1).map(({ bytes }) => bytes);
    return new Probe(Buffer.concat([...own, ASKED, SYNC]), { before: statements, isLast: true });
  }

  /** Is this message of the server part of the answer to the question? */
  takes({ type, bytes }: Frame): boolean {
    if (this.#before > 0) {
      if (COMPLETES.has(type)) this.#before--;
      return false;
    }
    if (!OF_THE_ANSWER.has(type) || (this.#complete && !this.#isLast)) return false;
    if (type === 'D') this.wrote = bytes.at(-1) === TRUE;
    if (type === 'C') this.#complete = true;
    return true;
  }
}
