import type { EntityRef, Property } from "./event.ts";
import type { LoggedEvent } from "./event-log.ts";
import type { Position } from "./position.ts";

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
