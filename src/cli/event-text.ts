// Reads server-sent events out of the text of a stream, however it is cut into pieces. Pure.

export interface StreamEvent {
  /** Where to go on after it. */
  readonly id?: string;
  readonly data: unknown;
}

/** Give it each piece in turn: it answers the events that are whole by then. */
export function createEventReader(): (piece: string) => StreamEvent[] {
  let rest = '';
  return (piece) => {
    const parts = `${rest}${piece}`.split('\n\n');
    rest = parts.pop() ?? '';
    return parts.flatMap(eventIn);
  };
}

// Comments only keep the connection open.
function eventIn(part: string): StreamEvent[] {
  const fields = new Map(part.split('\n').map(fieldOf));
  const data = fields.get('data');
  if (data === undefined) return [];
  const id = fields.get('id');
  return [{ data: JSON.parse(data), ...(id !== undefined && { id }) }];
}

function fieldOf(line: string): readonly [string, string] {
  const at = line.indexOf(':');
  return [line.slice(0, at), line.slice(at + 1).replace(/^ /, '')];
}
