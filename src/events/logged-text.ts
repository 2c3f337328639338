import type { EntityRef, Property } from "./event.ts";
import type { LoggedEvent } from "./event-log.ts";
import { wellFormed } from "./flat-properties.ts";
import type { Position } from "./position.ts";

/** Half a surrogate pair as JSON writes it (or a backslash before the same letters, which costs a second look only). */
const HALF_PAIR = "\\ud";

/**
 * The properties as the log keeps them. A half surrogate pair becomes U+FFFD whatever the door let through: JSON may
 * write it, but DuckDB refuses to read it, and one such event would make the lake unreadable.
 */
export function propertiesText(properties: Readonly<Record<string, Property>>): string {
  const text = JSON.stringify(properties);
  if (!text.includes(HALF_PAIR)) return text;
  const whole = Object.entries(properties).map(([name, value]) => [
    wellFormed(name),
    typeof value === "string" ? wellFormed(value) : value,
  ]);
  return JSON.stringify(Object.fromEntries(whole));
}

/**
 * An event as the log keeps it: its properties are JSON text until somebody asks for them,
 * because most readers pass the text on (the lake) or need few of them (a duplicate needs none).
 */
export class LoggedText implements LoggedEvent {
  readonly partition: number;
  readonly position: Position;
  readonly id: string;
  readonly name: string;
  readonly entity: EntityRef;
  readonly at: number;
  readonly known: number;
  readonly text: string;
  readonly touched: boolean;
  #properties: Readonly<Record<string, Property>> | undefined;

  constructor(
    partition: number,
    position: Position,
    id: string,
    name: string,
    entity: EntityRef,
    at: number,
    known: number,
    text: string,
    touched = false,
  ) {
    this.partition = partition;
    this.position = position;
    this.id = id;
    this.name = name;
    this.entity = entity;
    this.at = at;
    this.known = known;
    this.text = text;
    this.touched = touched;
  }

  get properties(): Readonly<Record<string, Property>> {
    this.#properties ??= JSON.parse(this.text) as Record<string, Property>;
    return this.#properties;
  }
}
