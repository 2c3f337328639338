/** Just enough of protobuf to write a message: varints, 32-bit floats, and things with a length before them. */
type Field = Uint8Array;

export const whole = (field: number, value: number): Field =>
  Uint8Array.from([...varint(field << 3), ...varint(value)]);

export const text = (field: number, value: string): Field => measured(field, new TextEncoder().encode(value));

export const message = (field: number, ...fields: readonly Field[]): Field => measured(field, Buffer.concat(fields));

export const wholes = (field: number, values: Iterable<number>): Field =>
  measured(field, Uint8Array.from([...values].flatMap(varint)));

/** Floats as they lie in memory: little-endian, as protobuf wants them. */
export function floats(field: number, values: Iterable<number>): Field {
  const { buffer } = Float32Array.from(values);
  return measured(field, new Uint8Array(buffer));
}

const measured = (field: number, bytes: Uint8Array): Field =>
  Buffer.concat([Uint8Array.from([...varint((field << 3) | 2), ...varint(bytes.length)]), bytes]);

/** Seven bits a byte, the lowest first; values that are not negative. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 128);
  }
}
