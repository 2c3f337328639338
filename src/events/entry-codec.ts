import { PortraitError } from "../errors.ts";
import type { Event } from "./event.ts";
import { LoggedText, propertiesText } from "./logged-text.ts";

/** Raised whenever an older reader could misread a newer entry. */
const FORMAT = 1;

/**
 * Packs the events of one commit group into one stream entry.
 *
 * Layout: format byte, then per event `at` and `known` (f64, little endian), then id, name, kind and entity id
 * (u16 length + UTF-8 each), then the properties as JSON (u32 length + UTF-8). The properties stay text because
 * the lake keeps them as text: the worker passes the text on and parses only what it applies.
 *
 * Measured beside a JSON array of the same events (100 an entry, 4 properties, one loaded 2.5 GHz core): 181 against
 * 196 bytes an event; packing 1.2 against 0.9 µs at the door; 0.7 µs to the text alone and 1.1 µs with the properties
 * parsed, against 1.4 µs for JSON, which must write the properties again for the lake. The worker is the bottleneck.
 */
export class EntryPacker {
  #bytes = Buffer.allocUnsafe(4_096);
  #end = 1;
  count = 0;

  constructor() {
    this.#bytes[0] = FORMAT;
  }

  get size(): number {
    return this.#end;
  }

  add(event: Event): void {
    const text = propertiesText(event.properties);
    const { id, name, entity } = event;
    this.#reserve(28 + 3 * (id.length + name.length + entity.kind.length + entity.id.length + text.length));
    this.#bytes.writeDoubleLE(event.at, this.#end);
    this.#bytes.writeDoubleLE(event.known, this.#end + 8);
    this.#end += 16;
    this.#short(id);
    this.#short(name);
    this.#short(entity.kind);
    this.#short(entity.id);
    const length = this.#bytes.write(text, this.#end + 4, "utf8");
    this.#bytes.writeUInt32LE(length, this.#end);
    this.#end += 4 + length;
    this.count++;
  }

  /** The packed entry; the packer starts over. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#end);
    this.#bytes = Buffer.allocUnsafe(4_096);
    this.#bytes[0] = FORMAT;
    this.#end = 1;
    this.count = 0;
    return taken;
  }

  #short(text: string): void {
    const length = asciiInto(this.#bytes, text, this.#end + 2) ?? this.#bytes.write(text, this.#end + 2, "utf8");
    this.#bytes.writeUInt16LE(length, this.#end);
    this.#end += 2 + length;
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#end + bytes));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

/** Short plain texts, which most ids and names are, are written here faster than a call into the encoder takes. */
function asciiInto(bytes: Buffer, text: string, at: number): number | undefined {
  const { length } = text;
  if (length > 48) return undefined;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return undefined;
    bytes[at + i] = code;
  }
  return length;
}

/**
 * The events of one entry in the order they were added.
 *
 * @throws PortraitError LOG_BROKEN when the entry is of another format or cut short.
 */
export function unpackEntry(bytes: Buffer, partition: number, ms: number, seq: number): LoggedText[] {
  const broken = (why: string) =>
    new PortraitError(
      "LOG_BROKEN",
      `The log entry ${ms}-${seq} of partition ${partition} cannot be read: ${why}. ` +
        "Was it written by a newer portrait? Run the same version everywhere.",
      { partition, entry: `${ms}-${seq}` },
    );
  if (bytes[0] !== FORMAT) throw broken(`wanted format ${FORMAT}, found ${bytes[0] ?? "nothing"}`);
  const events: LoggedText[] = [];
  let at = 1;
  const short = () => {
    const end = at + 2 + bytes.readUInt16LE(at);
    if (end > bytes.length) throw new RangeError("cut short");
    const text = bytes.toString("utf8", at + 2, end);
    at = end;
    return text;
  };
  try {
    while (at < bytes.length) {
      const when = bytes.readDoubleLE(at);
      const known = bytes.readDoubleLE(at + 8);
      at += 16;
      const id = short();
      const name = short();
      const entity = { kind: short(), id: short() };
      const end = at + 4 + bytes.readUInt32LE(at);
      if (end > bytes.length) throw new RangeError("cut short");
      const text = bytes.toString("utf8", at + 4, end);
      at = end;
      const position = { ms, seq, index: events.length };
      events.push(new LoggedText(partition, position, id, name, entity, when, known, text));
    }
  } catch (error) {
    if (error instanceof RangeError) throw broken("it is cut short");
    throw error;
  }
  return events;
}
