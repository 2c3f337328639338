import { PortraitError } from "../../errors.ts";
import type { EntityRef } from "../../events/event.ts";
import { LoggedText } from "../../events/logged-text.ts";
import { readVarint, writeVarint } from "../../features/varint.ts";

/** First byte of a forward. Commit groups from the door begin with another (see events/entry-codec.ts). */
const FORMAT = 0xf1;

export const isForward = (entry: Uint8Array): boolean => entry[0] === FORMAT;

/** Accepted events on their way to second entities in another partition. */
export interface Forward {
  /** The partition whose log holds the events. */
  readonly origin: number;
  /** Of the states from which the sender judged them. A replay sends everything after the lake again, under the next one. */
  readonly generation: number;
  /** In the order of the origin's log; each with the second entity as its `entity`, and without its id. */
  readonly events: readonly LoggedText[];
}

/**
 * Packs forwards: format, varint origin, varint generation, then per event varint ms, seq, index of its position, `at`
 * and `known` (f64, little endian), then kind, id of the entity, name and properties as JSON (varint length + UTF-8 each).
 */
export class ForwardPacker {
  #bytes = Buffer.allocUnsafe(1_024);
  #end = 0;

  constructor(origin: number, generation: number) {
    this.#bytes[0] = FORMAT;
    this.#end = writeVarint(this.#bytes, origin, 1);
    this.#end = writeVarint(this.#bytes, generation, this.#end);
  }

  add({ position, at, known, name, text }: LoggedText, entity: EntityRef): void {
    this.#reserve(80 + 3 * (entity.kind.length + entity.id.length + name.length + text.length));
    for (const whole of [position.ms, position.seq, position.index])
      this.#end = writeVarint(this.#bytes, whole, this.#end);
    this.#bytes.writeDoubleLE(at, this.#end);
    this.#bytes.writeDoubleLE(known, this.#end + 8);
    this.#end += 16;
    for (const one of [entity.kind, entity.id, name, text]) this.#text(one);
  }

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#end);
  }

  #text(text: string): void {
    const length = Buffer.byteLength(text);
    this.#end = writeVarint(this.#bytes, length, this.#end);
    this.#bytes.write(text, this.#end, "utf8");
    this.#end += length;
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#end + bytes));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

/** @throws PortraitError LOG_BROKEN when it is cut short */
export function unpackForward(bytes: Buffer): Forward {
  const cursor = { at: 1 };
  const next = () => readVarint(bytes, cursor);
  const text = () => {
    const end = next() + cursor.at;
    if (end > bytes.length) throw new RangeError("cut short");
    const found = bytes.toString("utf8", cursor.at, end);
    cursor.at = end;
    return found;
  };
  try {
    const origin = next();
    const generation = next();
    const events: LoggedText[] = [];
    while (cursor.at < bytes.length) {
      const position = { ms: next(), seq: next(), index: next() };
      const at = bytes.readDoubleLE(cursor.at);
      const known = bytes.readDoubleLE(cursor.at + 8);
      cursor.at += 16;
      const entity = { kind: text(), id: text() };
      const name = text();
      events.push(new LoggedText(origin, position, "", name, entity, at, known, text(), true));
    }
    return { origin, generation, events };
  } catch (error) {
    if (error instanceof RangeError)
      throw new PortraitError("LOG_BROKEN", "A forward between partitions is cut short. Restore Redis from a copy.");
    throw error;
  }
}
