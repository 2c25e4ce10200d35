// Keeps the values of a label few, whatever users name things: a series for each would fill the memory of this process and of whoever
// collects them.

const MOST_VALUES = 200;
export const OTHER = 'other';

/** The value itself for the first values that come, `other` for the rest. */
export function boundLabel(most = MOST_VALUES): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size === most) return OTHER;
    known.add(value);
    return value;
  };
}
