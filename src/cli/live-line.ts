// A last line that is drawn anew in its place, below the lines that stay. Without a screen only those are written.
import { fit, type Screen } from './screen.ts';

const ERASE = '\r\u001B[2K';

export interface LiveLine {
  /** A line that stays. */
  print(line: string): void;
  /** Draws the last line; without a screen, nothing. */
  show(line: string): void;
  /** Takes the last line away. */
  end(): void;
}

export function createLiveLine(write: (text: string) => void, screen?: Screen): LiveLine {
  let shown = '';
  const erase = (): string => (shown === '' ? '' : ERASE);
  return {
    print: (line) => write(`${erase()}${line}\n${shown}`),
    show(line) {
      if (screen === undefined) return;
      const next = fit(screen, line);
      write(`${erase()}${next}`);
      shown = next;
    },
    end() {
      write(erase());
      shown = '';
    },
  };
}
