/** A whole number from 0 to 2^53 in groups of seven bits, least first. Answers the place behind it. */
export function writeVarint(bytes: Uint8Array, value: number, at: number): number {
  while (value > 127) {
    bytes[at++] = (value % 128) + 128;
    value = Math.floor(value / 128);
  }
  bytes[at++] = value;
  return at;
}

/** @throws RangeError when the bytes end within the number */
export function readVarint(bytes: Uint8Array, cursor: { at: number }): number {
  let value = 0;
  for (let scale = 1; cursor.at < bytes.length; scale *= 128) {
    const byte = bytes[cursor.at++];
    value += (byte & 127) * scale;
    if (byte < 128) return value;
  }
  throw new RangeError("cut short");
}
