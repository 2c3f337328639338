import { describe, expect, test } from "vitest";
import type { Dataset } from "../../../models/model.ts";
import { type Frame, fromFrame, toFrame } from "../../../training/frames/frames.ts";
import { openDanfo } from "../../support/danfo.ts";

const people: Dataset = {
  columns: [
    { name: "age", type: "number" },
    { name: "member", type: "boolean" },
    { name: "city", type: "category", categories: ["Rome", "Oslo"] },
  ],
  rows: 3,
  values: [Float64Array.of(31.1, Number.NaN, 44), Float64Array.of(1, 0, 1), Float64Array.of(0, Number.NaN, 0)],
  label: Uint8Array.of(1, 0, 1),
};

/** A frame of danfojs's shape, for where it is not installed. */
class PlainFrame implements Frame {
  readonly columns: string[];
  readonly dtypes: readonly string[];
  readonly shape: readonly number[];
  readonly data: Record<string, unknown[]>;
  constructor(data: Record<string, unknown[]>, { dtypes }: { dtypes: string[] }) {
    this.data = data;
    this.columns = Object.keys(data);
    this.dtypes = dtypes;
    this.shape = [Object.values(data)[0].length, this.columns.length];
  }
  column(name: string) {
    return { values: this.data[name] };
  }
}

const danfo = openDanfo();

describe.each([
  ["a frame's shape", { DataFrame: PlainFrame }],
  ["danfojs-node itself", danfo],
])("%s", (_, maker) => {
  test.skipIf(!maker)("a dataset becomes a frame with its types and its gaps", () => {
    if (!maker) return;
    const frame: Frame = toFrame(people, maker as { DataFrame: typeof PlainFrame });
    expect([...frame.columns]).toEqual(["age", "member", "city", "label"]);
    expect([...frame.dtypes]).toEqual(["float32", "boolean", "string", "int32"]);
    expect([...frame.shape]).toEqual([3, 4]);
    expect(Array.from(frame.column("age").values)).toEqual([31.1, Number.NaN, 44]);
    expect(Array.from(frame.column("member").values)).toEqual([true, false, true]);
    expect(Array.from(frame.column("city").values)).toEqual(["Rome", null, "Rome"]);
  });

  test.skipIf(!maker)("and back again, to the last bit; a category that no row has is gone", () => {
    if (!maker) return;
    const again = fromFrame(toFrame(people, maker as { DataFrame: typeof PlainFrame }), "label");
    expect(again).toEqual({
      ...people,
      columns: [people.columns[0], people.columns[1], { name: "city", type: "category", categories: ["Rome"] }],
    });
  });
});

test("a boolean with gaps becomes numbers, which a frame can describe", () => {
  const values = [people.values[0], Float64Array.of(1, Number.NaN, 0), people.values[2]];
  const frame = toFrame({ ...people, values }, { DataFrame: PlainFrame });
  expect(frame.dtypes[1]).toBe("float32");
  expect(fromFrame(frame).values[1]).toEqual(values[1]);
});

test.skipIf(!danfo)("danfojs describes what came out of a dataset", () => {
  const frame = danfo && toFrame(people, danfo);
  const described = frame?.describe();
  expect(Array.from(described?.column("label").values ?? [])[0]).toBe(3);
});

test("a label that is not there, or is more than 0 and 1, is refused by name", () => {
  const frame = toFrame(people, { DataFrame: PlainFrame });
  expect(() => fromFrame(frame, "bought")).toThrowError(expect.objectContaining({ code: "COLUMN_UNKNOWN" }));
  expect(() => fromFrame(frame, "age")).toThrowError(expect.objectContaining({ code: "LABEL_INVALID" }));
});

test("a frame without rows is an empty table", () => {
  const frame = new PlainFrame({ a: [] }, { dtypes: ["float32"] });
  expect(() => fromFrame(frame)).toThrowError(expect.objectContaining({ code: "TABLE_EMPTY" }));
});
