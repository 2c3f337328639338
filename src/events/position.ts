/**
 * Where an event stands in the log of its partition: the only clock that replay trusts.
 * `ms` and `seq` are the Redis stream entry (one entry = one commit group), `index` the place within it.
 */
export interface Position {
  readonly ms: number;
  readonly seq: number;
  readonly index: number;
}

export const START: Position = Object.freeze({ ms: 0, seq: 0, index: 0 });

/** Negative when `a` stands before `b`. Positions of different partitions are not comparable. */
export const comparePositions = (a: Position, b: Position): number => a.ms - b.ms || a.seq - b.seq || a.index - b.index;

export const positionText = ({ ms, seq, index }: Position): string => `${ms}-${seq}-${index}`;

/** The position behind a text "ms-seq-index", or undefined when it is none. */
export function parsePosition(text: string): Position | undefined {
  const match = /^(\d{1,15})-(\d{1,15})-(\d{1,9})$/.exec(text);
  return match ? { ms: Number(match[1]), seq: Number(match[2]), index: Number(match[3]) } : undefined;
}
