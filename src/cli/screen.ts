// The terminal that a stream is shown on, as far as it matters to what is printed there: how wide it is, and whether it has colours.
import { styleText } from 'node:util';

export interface Screen {
  readonly columns: number;
  readonly hasColours: boolean;
}

/** A stream that goes to a terminal; undefined for a file or a pipe. */
export function screenOf(stream: NodeJS.WriteStream): Screen | undefined {
  // hasColors heeds NO_COLOR and FORCE_COLOR.
  return stream.isTTY ? { columns: stream.columns || 80, hasColours: stream.hasColors() } : undefined;
}

export type Colour = 'green' | 'yellow' | 'red' | 'dim' | 'bold';

/** The text as it is where there are no colours. */
export function paint(screen: Screen | undefined, colour: Colour, text: string): string {
  return screen?.hasColours ? styleText(colour, text, { validateStream: false }) : text;
}

/** A single line that fits. */
export function fit(screen: Screen | undefined, line: string): string {
  return screen === undefined || line.length <= screen.columns ? line : `${line.slice(0, screen.columns - 1)}…`;
}
