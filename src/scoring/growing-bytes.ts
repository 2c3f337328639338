/** Bytes that are written one after the other into memory that grows with them. */
export interface GrowingBytes {
  /** Written up to `length`; behind it there is room. */
  buffer: Buffer;
  /** The same memory. Made once: one for each number that is written would cost more than writing it. */
  view: DataView;
  length: number;
}

export const growingBytes = (size: number): GrowingBytes => withView(Buffer.allocUnsafe(size), 0);

const withView = (buffer: Buffer, length: number): GrowingBytes => ({
  buffer,
  view: new DataView(buffer.buffer, buffer.byteOffset, buffer.length),
  length,
});

/** The buffer, with room for `more` bytes behind those that are written. Cost: a copy each time that it doubles. */
export function roomFor(more: number, bytes: GrowingBytes): Buffer {
  const wanted = bytes.length + more;
  if (wanted > bytes.buffer.length) {
    const larger = Buffer.allocUnsafe(Math.max(wanted, 2 * bytes.buffer.length));
    bytes.buffer.copy(larger, 0, 0, bytes.length);
    Object.assign(bytes, withView(larger, bytes.length));
  }
  return bytes.buffer;
}

/** Writes a short text of ASCII at `at`, and answers the place after it: a call out of JavaScript costs more than a few bytes. */
export function writeAscii(text: string, into: Uint8Array, at: number): number {
  for (let i = 0; i < text.length; i++) into[at + i] = text.charCodeAt(i);
  return at + text.length;
}
