// Server-sent events, read from the pieces of text in which they come. Pure.

export interface ReceivedEvent {
  readonly id?: string;
  readonly name: string;
  readonly data: string;
}

/** Give it each piece; it gives the events that are whole. A comment is none. */
export function createEventReader(): (piece: string) => ReceivedEvent[] {
  let rest = '';
  return (piece) => {
    const blocks = (rest + piece).split('\n\n');
    rest = blocks.pop() ?? '';
    return blocks.flatMap(eventIn);
  };
}

function eventIn(block: string): ReceivedEvent[] {
  let id: string | undefined;
  let name = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const [, field = '', value = ''] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (field === 'id') id = value;
    else if (field === 'event') name = value;
    else if (field === 'data') data.push(value);
  }
  return data.length === 0 ? [] : [{ id, name, data: data.join('\n') }];
}
