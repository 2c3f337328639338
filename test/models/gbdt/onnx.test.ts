import { expect, test } from "vitest";
import { toOnnx } from "../../../models/gbdt/bench-onnx.ts";
import { floats, message, text, whole, wholes } from "../../../models/gbdt/bench-protobuf.ts";
import { createTreesBuilder } from "../../../models/gbdt/trees.ts";

test("protobuf fields are a tag, then a varint or a length and its bytes", () => {
  expect([...whole(1, 150)]).toEqual([0x08, 0x96, 0x01]);
  expect([...text(2, "testing")]).toEqual([0x12, 0x07, ...Buffer.from("testing")]);
  expect([...message(3, whole(1, 150))]).toEqual([0x1a, 0x03, 0x08, 0x96, 0x01]);
  expect([...wholes(6, [3, 270, 86942])]).toEqual([0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05]);
  expect([...floats(7, [1])]).toEqual([0x3a, 0x04, 0x00, 0x00, 0x80, 0x3f]);
});

test("a forest becomes an ONNX model with its thresholds and leaves as 32-bit floats; category splits are refused", () => {
  const builder = createTreesBuilder();
  const root = builder.leaf(0, 2);
  const [left, right] = [builder.leaf(0.25, 1), builder.leaf(-0.75, 1)];
  builder.split(root, { column: 1, threshold: 2.5, left, right, missingLeft: true, gain: 1 });
  builder.endTree();
  const model = Buffer.from(toOnnx(builder.build(1, -1, new Map()), 2));
  const has = (...bytes: Uint8Array[]) => model.includes(Buffer.concat(bytes));
  expect(has(text(1, "nodes_values"), floats(7, [2.5, 0, 0]))).toBe(true);
  expect(has(text(1, "target_weights"), floats(7, [0.25, -0.75]))).toBe(true);
  expect(has(text(1, "nodes_missing_value_tracks_true"), wholes(8, [1, 0, 0]))).toBe(true);
  expect(has(text(1, "base_values"), floats(7, [-1]))).toBe(true);
  expect(() => toOnnx(builder.build(1, 0, new Map([[1, Uint16Array.of(1, 2)]])), 2)).toThrow(RangeError);
});
