// Instants that a workflow's code announces and a measurement waits for, whichever comes first.

export interface Marks {
  /** The first instant of each name counts; milliseconds since the epoch, comparable between processes of one machine. */
  hit(name: string): void;
  /** When `name` was hit, once it was. */
  reached(name: string): Promise<number>;
}

export function createMarks(): Marks {
  const marks = new Map<string, PromiseWithResolvers<number>>();
  const markOf = (name: string): PromiseWithResolvers<number> => {
    const mark = marks.get(name) ?? Promise.withResolvers<number>();
    marks.set(name, mark);
    return mark;
  };
  return {
    hit: (name) => markOf(name).resolve(now()),
    reached: async (name) => await markOf(name).promise.finally(() => marks.delete(name)),
  };
}

/** Finer than Date.now(), on the same scale. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
