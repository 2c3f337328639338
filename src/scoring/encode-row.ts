import type { Column } from "../../models/model.ts";
import { PortraitError } from "../errors.ts";
import type { Property } from "../events/event.ts";
import type { FeatureFace, Row } from "../features/feature.ts";
import { newRow } from "./new-row.ts";

/** Own fields of the event in flight become columns of this prefix: `event.revenue` reads the property `revenue`. */
export const FIELD_PREFIX = "event.";

const PER = " / ";
/** The column of an own field divided by a feature: `event.amount / spent_mean_30d`. */
export const ratioName = (property: string, feature: string): string => `${FIELD_PREFIX}${property}${PER}${feature}`;

/** The property and the feature that the name of such a column holds; undefined when it is none. */
export function ratioParts(column: string): { readonly property: string; readonly feature: string } | undefined {
  const at = column.lastIndexOf(PER);
  if (at < 0 || !column.startsWith(FIELD_PREFIX)) return undefined;
  return { property: column.slice(FIELD_PREFIX.length, at), feature: column.slice(at + PER.length) };
}

/** The feature that a column reads, under its joint name; undefined when it reads the event alone. */
export const featureRead = (column: string): string | undefined =>
  column.startsWith(FIELD_PREFIX) ? ratioParts(column)?.feature : column;

export type Fields = Readonly<Record<string, Property | undefined>>;

/**
 * Reads a model's row out of one reading of a state and the fields of the event in flight.
 * Answers a new array of `columns.length` numbers in the order of the columns; NaN = missing.
 */
export type RowEncoder = (row: Row, fields?: Fields) => Float64Array;

/** Fills `out[j]` for one column. */
type Cell = (row: Row, fields: Fields) => number;

const NO_FIELDS: Fields = Object.freeze({});

/**
 * The one encoder, for training and for serving.
 *
 * A column is a feature of the catalogue by its name, `event.<property>` for an own field of the event, or
 * `event.<property> / <feature>` for the one divided by the other: missing when either is, and when the feature is 0.
 * Numbers as they are, booleans 0 or 1, a category's text as its index in the column's `categories`. A text that
 * was not seen in training, a field that is absent or of another type, and an infinite number are all NaN.
 *
 * @throws PortraitError MODEL_INPUT_MISMATCH naming every column that is neither, or of another type than the feature.
 * Cost: one closure a column when made; O(columns) and one array for each row.
 */
export function createRowEncoder(columns: readonly Column[], features: readonly FeatureFace[]): RowEncoder {
  const lanes = new Map<string, { readonly type: FeatureFace["type"]; readonly lane: number }>();
  const next = { number: 0, category: 0 };
  for (const { name, type } of features) lanes.set(name, { type, lane: next[type]++ });

  const wrong: string[] = [];
  const cells = columns.map((column): Cell => {
    const feature = lanes.get(column.name);
    if (feature) {
      if (feature.type === column.type) return featureCell(column, feature.lane);
      wrong.push(`${column.name} (a ${column.type} for the model, a ${feature.type} in the catalogue)`);
    } else if (column.name.startsWith(FIELD_PREFIX)) {
      const ratio = ratioParts(column.name);
      const divisor = ratio && lanes.get(ratio.feature);
      if (ratio && divisor?.type === "number") return ratioCell(ratio.property, divisor.lane);
      return fieldCell(column);
    } else {
      wrong.push(`${column.name} (not in the catalogue)`);
    }
    return () => Number.NaN;
  });
  if (wrong.length) {
    throw new PortraitError(
      "MODEL_INPUT_MISMATCH",
      `Wanted every column of the model to be a feature of the catalogue or a field "${FIELD_PREFIX}…", ` +
        `found ${wrong.join(", ")}. Retrain the model on this catalogue, or send its features inline.`,
      { columns: wrong },
    );
  }

  return (row, fields = NO_FIELDS) => {
    const out = newRow(cells.length);
    for (let j = 0; j < cells.length; j++) out[j] = cells[j](row, fields);
    return out;
  };
}

function featureCell(column: Column, lane: number): Cell {
  if (column.type !== "category") return (row) => row.numbers[lane];
  const index = indexOfCategories(column.categories);
  return (row) => index(row.texts[lane]);
}

function fieldCell(column: Column): Cell {
  const property = column.name.slice(FIELD_PREFIX.length);
  const read = valueReader(column);
  return (_row, fields) => (Object.hasOwn(fields, property) ? read(fields[property]) : Number.NaN);
}

function ratioCell(property: string, lane: number): Cell {
  return (row, fields) => (Object.hasOwn(fields, property) ? ratio(fields[property], row.numbers[lane]) : Number.NaN);
}

/** A field per unit of a feature; NaN when it is no number, or too great for one. */
export function ratio(value: Property | undefined, divisor: number): number {
  if (typeof value !== "number" || divisor === 0) return Number.NaN;
  const quotient = value / divisor;
  return Number.isFinite(quotient) ? quotient + 0 : Number.NaN;
}

/** One value as the number that the column holds; NaN when it is absent, unseen or of another type. */
export function valueReader(column: Column): (value: Property | undefined) => number {
  switch (column.type) {
    case "number": // + 0 turns -0 into 0, which JSON could not keep apart
      return (value) => (typeof value === "number" && Number.isFinite(value) ? value + 0 : Number.NaN);
    case "boolean":
      return (value) => (typeof value === "boolean" ? Number(value) : Number.NaN);
    case "category": {
      const index = indexOfCategories(column.categories);
      return (value) => (typeof value === "string" ? index(value) : Number.NaN);
    }
  }
}

function indexOfCategories(categories: readonly string[]): (text: string | undefined) => number {
  const places = new Map(categories.map((text, place) => [text, place]));
  return (text) => (text === undefined ? Number.NaN : (places.get(text) ?? Number.NaN));
}

const TYPE_WANTED = { number: "a number", boolean: "true or false", category: "a text" } as const;

const typeFits = (column: Column, value: Property): boolean =>
  column.type === "category" ? typeof value === "string" : typeof value === column.type;

/**
 * Reads a model's row out of features that the caller gave. A feature that is not given is missing (NaN).
 *
 * @throws PortraitError MODEL_INPUT_MISMATCH naming all unknown names and all values of another type.
 */
export function encodeInline(columns: readonly Column[], given: Readonly<Record<string, Property>>): Float64Array {
  return createInlineEncoder(columns)(given);
}

/** `encodeInline` for many requests: the columns are looked at once. */
export function createInlineEncoder(
  columns: readonly Column[],
): (given: Readonly<Record<string, Property>>) => Float64Array {
  const slots = columns.map((column, place) => ({ name: column.name, place, column, read: valueReader(column) }));
  const places = new Map(slots.map((slot) => [slot.name, slot]));
  return (given) => {
    const out = newRow(columns.length);
    let wrong: string[] | undefined;
    let next = 0;
    // for…in and not Object.keys: reading the value beside its name is then a step, not a search
    for (const name in given) {
      // callers mostly keep to the order of the columns
      const at = next < slots.length && slots[next].name === name ? slots[next] : places.get(name);
      const value = given[name];
      if (at && typeFits(at.column, value)) {
        out[at.place] = at.read(value);
        next = at.place + 1;
      } else {
        wrong ??= [];
        wrong.push(at ? `${name}: wanted ${TYPE_WANTED[at.column.type]}, found a ${typeof value}` : `${name}: unknown`);
      }
    }
    if (wrong) {
      throw new PortraitError(
        "MODEL_INPUT_MISMATCH",
        `The features do not fit the model: ${wrong.join("; ")}. It knows ${columns.map((c) => c.name).join(", ")}.`,
        { wrong },
      );
    }
    return out;
  };
}
