/** Bytes that are written one after the other into memory that grows with them. */
export interface GrowingBytes {
  /** Written up to `length`; behind it there is room. */
  buffer: Buffer;
  length: number;
}

export const growingBytes = (size: number): GrowingBytes => ({ buffer: Buffer.allocUnsafe(size), length: 0 });

/** The buffer, with room for `more` bytes behind those that are written. Cost: a copy each time that it doubles. */
export function roomFor(more: number, bytes: GrowingBytes): Buffer {
  const wanted = bytes.length + more;
  if (wanted > bytes.buffer.length) {
    const larger = Buffer.allocUnsafe(Math.max(wanted, 2 * bytes.buffer.length));
    bytes.buffer.copy(larger, 0, 0, bytes.length);
    bytes.buffer = larger;
  }
  return bytes.buffer;
}
