// Undoes what would outlive this process, however it ends: by itself, by Ctrl-C, by SIGTERM. Only SIGKILL is out of reach.

type Undo = () => void;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const undos = new Set<Undo>();

/** `undo` must do its work before it returns. The function given back calls it off. */
export function undoAtExit(undo: Undo): () => void {
  if (undos.size === 0) listen();
  undos.add(undo);
  return () => {
    undos.delete(undo);
    if (undos.size === 0) unlisten();
  };
}

function listen(): void {
  process.on('exit', undoAll);
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

function unlisten(): void {
  process.off('exit', undoAll);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

function undoAll(): void {
  for (const undo of undos) undo();
  undos.clear();
}

// A program with a handler of its own decides what the signal means; without one it dies of it, as it would have without us.
function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  undoAll();
  unlisten();
  process.kill(process.pid, signal);
}
