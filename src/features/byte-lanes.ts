/**
 * Whole numbers in as few bytes as they need: seven bits a byte, the low ones first, the eighth says "more follows".
 * Up to 2^53 − 1.
 */
export interface ByteWriter {
  /** 0 … 2^53 − 1 */
  whole(value: number): void;
  /** −2^52 … 2^52 − 1, small absolute values in few bytes. */
  signed(value: number): void;
  /** 0 … 255 as it is. */
  byte(value: number): void;
  /** 32 bits as they are. */
  word(value: number): void;
  /** UTF-16 units, so that any text comes back as it was. */
  text(value: string): void;
  raw(bytes: Uint8Array): void;
  /** A copy of all since the last `take`. */
  take(): Uint8Array;
}

export function createByteWriter(): ByteWriter {
  let bytes = new Uint8Array(4096);
  let at = 0;
  const room = (wanted: number) => {
    if (at + wanted <= bytes.length) return;
    const wider = new Uint8Array(Math.max(bytes.length * 2, at + wanted));
    wider.set(bytes);
    bytes = wider;
  };
  const whole = (value: number) => {
    room(8);
    let rest = value;
    while (rest > 0x7fffffff) {
      bytes[at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 0x7f) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
  };
  return {
    whole,
    signed(value) {
      whole(value < 0 ? -2 * value - 1 : 2 * value);
    },
    byte(value) {
      room(1);
      bytes[at++] = value;
    },
    word(value) {
      room(4);
      for (let shift = 0; shift < 32; shift += 8) bytes[at++] = (value >>> shift) & 0xff;
    },
    text(value) {
      whole(value.length);
      for (let i = 0; i < value.length; i++) whole(value.charCodeAt(i));
    },
    raw(part) {
      room(part.length);
      bytes.set(part, at);
      at += part.length;
    },
    take() {
      const taken = bytes.slice(0, at);
      at = 0;
      return taken;
    },
  };
}

export interface ByteReader {
  /** Begins to read these bytes at this place; one reader serves many states, since making one costs more than a state. */
  open(bytes: Uint8Array, start: number): void;
  whole(): number;
  signed(): number;
  byte(): number;
  word(): number;
  text(): string;
  /** A number of things that follow, each at least a byte: never more than there are bytes left. */
  length(): number;
  readonly left: number;
}

/** Its methods throw a RangeError when the bytes end too early. */
export function createByteReader(): ByteReader {
  let bytes: Uint8Array = new Uint8Array(0);
  let at = 0;
  const short = () => new RangeError("the bytes end too early");
  const byte = () => {
    if (at >= bytes.length) throw short();
    return bytes[at++];
  };
  const whole = () => {
    // most are short: up to 21 bits in whole numbers of the processor
    let value = byte();
    if (value < 0x80) return value;
    const second = byte();
    value = (value & 0x7f) | ((second & 0x7f) << 7);
    if (second < 0x80) return value;
    const third = byte();
    value |= (third & 0x7f) << 14;
    if (third < 0x80) return value;
    let scale = 2 ** 21;
    for (;;) {
      const next = byte();
      value += (next & 0x7f) * scale;
      if (next < 0x80) return value;
      scale *= 128;
    }
  };
  const length = () => {
    const count = whole();
    if (count > bytes.length - at) throw short();
    return count;
  };
  return {
    open(given, start) {
      bytes = given;
      at = start;
    },
    whole,
    length,
    byte,
    signed() {
      const value = whole();
      if (value <= 0x7fffffff) return (value >>> 1) ^ -(value & 1);
      return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
    },
    word() {
      return (byte() | (byte() << 8) | (byte() << 16) | (byte() << 24)) >>> 0;
    },
    text() {
      const units: number[] = [];
      for (let left = length(); left > 0; left--) units.push(whole());
      return String.fromCharCode(...units);
    },
    get left() {
      return bytes.length - at;
    },
  };
}
