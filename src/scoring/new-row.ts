/** Rows are cut from pieces of so many numbers. */
const PIECE = 4_096;
let piece = new ArrayBuffer(0);
let used = 0;

/**
 * A row of `width` numbers, all missing. Cut from a larger piece: an array with memory of its own costs six times as
 * much to make, and its end costs again when the garbage is collected. A row that is kept keeps its piece (32 kB).
 */
export function newRow(width: number): Float64Array {
  const bytes = 8 * width;
  if (used + bytes > piece.byteLength) {
    piece = new ArrayBuffer(Math.max(8 * PIECE, bytes));
    used = 0;
  }
  const row = new Float64Array(piece, used, width);
  used += bytes;
  return row.fill(Number.NaN);
}
