type Room = Float64Array | Float32Array | Int32Array | Uint8Array;

/** What was in `from`, at the beginning of `to`, which is larger. */
export function moved<A extends Room>(from: Room, to: A): A {
  to.set(from);
  return to;
}

/** The rows that are there: copied only where most of the room would be held for nothing. */
export const cut = <A extends Float64Array | Float32Array | Uint8Array>(column: A, rows: number): A =>
  (2 * rows > column.length ? column.subarray(0, rows) : column.slice(0, rows)) as A;
