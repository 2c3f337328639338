/** Rows with room for `rows` of `width` numbers, or a few more than there were; missing where nothing is yet. */
export function roomier(values: Float64Array, rows: number, width: number): Float64Array {
  const larger = new Float64Array(Math.max(width * (rows + 1), values.length + 16 * width));
  larger.set(values);
  return larger.fill(Number.NaN, values.length);
}
