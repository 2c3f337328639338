import type { Column, Dataset } from "../../models/model.ts";
import { PortraitError } from "../../src/errors.ts";

/**
 * What is asked of a DataFrame: danfojs has it, and so has any object of this shape.
 * `dtypes` are danfojs's: "float32", "int32", "boolean", "string", "datetime".
 */
export interface Frame {
  readonly columns: readonly string[];
  readonly dtypes: readonly string[];
  readonly shape: readonly number[];
  column(name: string): { readonly values: ArrayLike<unknown> };
}

/** The part of danfojs that makes a frame: `toFrame(dataset, await import("danfojs-node"))`. */
export interface FrameMaker<F> {
  readonly DataFrame: new (data: Record<string, unknown[]>, options: { dtypes: string[] }) => F;
}

/**
 * A Dataset as a DataFrame: numbers with NaN and texts with null where they are missing, and the label, when the rows
 * carry one, as a last column of 0 and 1. A boolean with gaps becomes numbers (1, 0, NaN): danfojs takes booleans
 * with null, but fails to describe them.
 *
 * @param danfo anything with danfojs's `DataFrame`
 * @param label what the label's column is called
 */
export function toFrame<F>(dataset: Dataset, danfo: FrameMaker<F>, label = "label"): F {
  const data: Record<string, unknown[]> = {};
  const dtypes: string[] = [];
  for (const [j, column] of dataset.columns.entries()) {
    const gaps = column.type === "boolean" && dataset.values[j].some(Number.isNaN);
    const type = gaps ? "number" : column.type;
    data[column.name] = Array.from(dataset.values[j], gaps ? (value) => value : cellReader(column));
    dtypes.push({ number: "float32", boolean: "boolean", category: "string" }[type]);
  }
  if (dataset.label.length) {
    if (Object.hasOwn(data, label))
      throw new PortraitError("INPUT_INVALID", `The rows have a column "${label}" already: call the label otherwise.`);
    data[label] = Array.from(dataset.label);
    dtypes.push("int32");
  }
  return new danfo.DataFrame(data, { dtypes });
}

function cellReader(column: Column): (value: number) => unknown {
  switch (column.type) {
    case "number":
      return (value) => value;
    case "boolean":
      return (value) => value !== 0;
    case "category":
      return (value) => (Number.isNaN(value) ? null : column.categories[value]);
  }
}

/**
 * A DataFrame as a Dataset. Numbers stay numbers; booleans 0 and 1; texts become categories, most frequent first;
 * null, undefined and NaN are missing.
 *
 * @param label a column of 0 and 1, or of true and false, that becomes the label
 * @throws PortraitError COLUMN_UNKNOWN, LABEL_INVALID, TABLE_EMPTY
 */
export function fromFrame(frame: Frame, label?: string): Dataset {
  const [rows] = frame.shape;
  if (!rows) throw new PortraitError("TABLE_EMPTY", "Wanted a frame with rows, found one without any.");
  if (label !== undefined && !frame.columns.includes(label))
    throw new PortraitError("COLUMN_UNKNOWN", `Wanted the label ${label}, the frame has ${frame.columns.join(", ")}.`);
  const columns: Column[] = [];
  const values: Float64Array[] = [];
  for (const [j, name] of frame.columns.entries()) {
    if (name === label) continue;
    const cells = frame.column(name).values;
    const column = columnOf(name, frame.dtypes[j], cells);
    const place = new Map(column.type === "category" ? column.categories.map((text, i) => [text, i]) : []);
    columns.push(column);
    values.push(
      Float64Array.from(cells, (cell) => {
        if (isMissing(cell)) return Number.NaN;
        if (column.type === "category") return place.get(String(cell)) ?? Number.NaN;
        return column.type === "boolean" ? Number(cell === true || cell === 1) : Number(cell);
      }),
    );
  }
  const labels = label === undefined ? new Uint8Array(0) : labelOf(label, frame.column(label).values);
  return { columns, rows, values, label: labels };
}

const isMissing = (cell: unknown): boolean =>
  cell === null || cell === undefined || (typeof cell === "number" && !Number.isFinite(cell));

function columnOf(name: string, dtype: string, cells: ArrayLike<unknown>): Column {
  if (dtype === "boolean") return { name, type: "boolean" };
  if (/^(float|int|uint)/.test(dtype)) return { name, type: "number" };
  const counts = new Map<string, number>();
  for (const cell of Array.from(cells))
    if (!isMissing(cell)) counts.set(String(cell), (counts.get(String(cell)) ?? 0) + 1);
  const categories = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([text]) => text);
  return { name, type: "category", categories };
}

function labelOf(name: string, cells: ArrayLike<unknown>): Uint8Array {
  return Uint8Array.from(Array.from(cells), (cell) => {
    if (cell === 1 || cell === true) return 1;
    if (cell === 0 || cell === false) return 0;
    throw new PortraitError("LABEL_INVALID", `Wanted 0 and 1, or true and false, in the label ${name}, found another.`);
  });
}
