import { floats, message, text, whole, wholes } from "./bench-protobuf.ts";
import { type Trees, treeCount } from "./trees.ts";

/** Numbers of onnx.proto: what kind of thing an attribute holds. */
const KIND = { text: 3, floats: 6, wholes: 7, texts: 8 };
const FLOAT = 1;

/**
 * A forest of number splits as an ONNX model: one TreeEnsembleRegressor (ai.onnx.ml 3) from `rows` (float32, n × columns) to
 * `margins` (float32, n × 1). Its BRANCH_LT is our `value < threshold`, and a missing value goes where ours goes.
 *
 * @throws RangeError for a forest with category splits, which the operator does not know.
 */
export function toOnnx(trees: Trees, columns: number): Uint8Array {
  if (trees.levelBins.size) throw new RangeError("to ONNX: wanted splits on numbers only, found category columns");
  const tree: number[] = [];
  const place: number[] = [];
  for (let t = 0; t < treeCount(trees); t++)
    for (let node = trees.roots[t]; node < trees.roots[t + 1]; node++) {
      tree.push(t);
      place.push(node - trees.roots[t]);
    }
  const nodes = [...tree.keys()];
  const isLeaf = (node: number) => trees.column[node] < 0;
  const leaves = nodes.filter(isLeaf);
  const child = (of: Uint32Array) => nodes.map((node) => (isLeaf(node) ? 0 : place[of[node]]));
  const attributes = [
    ofWholes("nodes_treeids", tree),
    ofWholes("nodes_nodeids", place),
    ofWholes(
      "nodes_featureids",
      nodes.map((node) => Math.max(0, trees.column[node])),
    ),
    ofTexts(
      "nodes_modes",
      nodes.map((node) => (isLeaf(node) ? "LEAF" : "BRANCH_LT")),
    ),
    ofFloats(
      "nodes_values",
      nodes.map((node) => (isLeaf(node) ? 0 : trees.value[node])),
    ),
    ofWholes("nodes_truenodeids", child(trees.left)),
    ofWholes("nodes_falsenodeids", child(trees.right)),
    ofWholes("nodes_missing_value_tracks_true", [...trees.missingLeft]),
    ofWholes(
      "target_treeids",
      leaves.map((node) => tree[node]),
    ),
    ofWholes(
      "target_nodeids",
      leaves.map((node) => place[node]),
    ),
    ofWholes(
      "target_ids",
      leaves.map(() => 0),
    ),
    ofFloats(
      "target_weights",
      leaves.map((node) => trees.value[node]),
    ),
    ofFloats("base_values", [trees.base]),
    message(5, text(1, "n_targets"), whole(3, 1), whole(20, 2)),
    ofText("aggregate_function", "SUM"),
    ofText("post_transform", "NONE"),
  ];
  const node = message(
    1,
    text(1, "rows"),
    text(2, "margins"),
    text(4, "TreeEnsembleRegressor"),
    ...attributes,
    text(7, "ai.onnx.ml"),
  );
  const graph = message(7, node, text(2, "gbdt"), table(11, "rows", columns), table(12, "margins", 1));
  const opset = (domain: string, version: number) => message(8, text(1, domain), whole(2, version));
  return Buffer.concat([whole(1, 8), text(2, "portrait"), graph, opset("", 15), opset("ai.onnx.ml", 3)]);
}

const ofWholes = (name: string, values: Iterable<number>) =>
  message(5, text(1, name), wholes(8, values), whole(20, KIND.wholes));
const ofFloats = (name: string, values: Iterable<number>) =>
  message(5, text(1, name), floats(7, values), whole(20, KIND.floats));
const ofText = (name: string, value: string) => message(5, text(1, name), text(4, value), whole(20, KIND.text));
const ofTexts = (name: string, values: readonly string[]) =>
  message(5, text(1, name), ...values.map((value) => text(9, value)), whole(20, KIND.texts));

/** A named float32 table of any number of rows. */
const table = (field: number, name: string, columns: number) =>
  message(
    field,
    text(1, name),
    message(2, message(1, whole(1, FLOAT), message(2, message(1, text(2, "n")), message(1, whole(1, columns))))),
  );
