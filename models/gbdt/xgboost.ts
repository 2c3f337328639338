import { logistic } from "../math/logistic.ts";
import { logit } from "../math/logit.ts";
import type { Column } from "../model.ts";
import { checkTrees } from "./bytes.ts";
import { type GbdtModel, gbdtModel } from "./model.ts";
import { createTreesBuilder, inSet, type Trees, treeCount } from "./trees.ts";

/**
 * XGBoost's JSON models (`Booster.save_model("….json")`), in and out: gbtree, `binary:logistic`, numbers and categories.
 *
 * Two ways of speaking meet here. XGBoost sends the categories that it lists to the right, we list those that go left.
 * XGBoost keeps the base score as a probability, we as a margin. Both send `value < threshold` left and add 32-bit leaf
 * values in the order of the trees, so margins are the same but for the base score's last bit.
 */
interface Tree {
  readonly left_children: readonly number[];
  readonly right_children: readonly number[];
  readonly split_indices: readonly number[];
  readonly split_conditions: readonly (number | null)[];
  readonly default_left: readonly (number | boolean)[];
  readonly sum_hessian: readonly number[];
  readonly loss_changes: readonly number[];
  readonly split_type?: readonly number[];
  readonly categories?: readonly number[];
  readonly categories_nodes?: readonly number[];
  readonly categories_segments?: readonly number[];
  readonly categories_sizes?: readonly number[];
}

interface Booster {
  readonly version?: readonly number[];
  readonly learner: {
    readonly feature_names?: readonly string[];
    readonly feature_types?: readonly string[];
    readonly gradient_booster: {
      readonly name: string;
      readonly model?: { readonly trees: readonly Tree[] };
    };
    readonly learner_model_param: {
      readonly base_score: string;
      readonly num_class?: string;
      readonly num_target?: string;
      readonly num_feature: string;
    };
    readonly objective: { readonly name: string };
  };
}

/**
 * A model from XGBoost's JSON. Without `columns` they are made from its feature names and types (`c`: a category, whose
 * levels are the codes that its splits name). With `columns` they are found by the names that the model gives, in whatever
 * order and however many it uses, or by their place when it gives none; code 2 of a category is `categories[2]`.
 *
 * @throws TypeError that names what is not supported or does not hold together: another booster than gbtree, another
 *   objective than binary:logistic, several classes or targets, a column that is not among `columns` or of another type,
 *   a tree that is cut short or leads nowhere.
 */
export function fromXgboost(text: string, columns?: readonly Column[]): GbdtModel {
  const { learner } = parse(text);
  const { gradient_booster, learner_model_param: param, objective } = learner;
  refuseUnless(
    gradient_booster?.name === "gbtree" && gradient_booster.model,
    `the booster gbtree`,
    gradient_booster?.name,
  );
  refuseUnless(objective?.name === "binary:logistic", "the objective binary:logistic", objective?.name);
  refuseUnless(Number(param.num_class ?? 0) <= 1, "one class", `${param.num_class}`);
  refuseUnless(Number(param.num_target ?? 1) <= 1, "one target", `${param.num_target}`);
  const { trees } = gradient_booster.model as { trees: readonly Tree[] };
  refuseUnless(Array.isArray(trees), "a list of trees", typeof trees);
  const named = columns ?? columnsOf(learner, trees);
  const places = placesOf(learner, named);

  const builder = createTreesBuilder();
  const levelBins = new Map(
    named.flatMap((column, j) =>
      column.type === "category" ? [[j, Uint16Array.from(column.categories, (_, level) => level + 1)] as const] : [],
    ),
  );
  for (const [t, tree] of trees.entries()) {
    addTree(tree, t, named, places, builder);
    builder.endTree();
  }
  const base = logit(Number(param.base_score.replace(/[[\]]/g, "")));
  const forest = builder.build(trees.length, base, levelBins);
  checkTrees(forest, named.length);
  return gbdtModel(named, forest);
}

/** XGBoost allows no brackets in names, so we take them out of what we write. */
const plainName = (name: string) => name.replace(/[[\]<~]/g, "_");

/** The names that a model gives its columns; undefined when it gives none (it was trained on a bare matrix). */
export const xgboostNames = (text: string): readonly string[] | undefined => namesOf(parse(text).learner);

/** "XGBoost 1.7.4" */
export const xgboostVersion = (text: string): string => `XGBoost ${parse(text).version?.join(".") ?? "?"}`;

const namesOf = ({ feature_names: names }: Booster["learner"]) => (names?.length ? names : undefined);

/** Where each of the model's columns stands among ours. */
function placesOf(learner: Booster["learner"], columns: readonly Column[]): number[] {
  const count = Number(learner.learner_model_param.num_feature);
  const names = namesOf(learner);
  if (!names) {
    refuseUnless(columns.length === count, `${count} columns`, `${columns.length}`);
    return [...columns.keys()];
  }
  refuseUnless(names.length === count, `${count} names of columns`, `${names.length}`);
  refuseUnless(new Set(names).size === count, "a name for each column", "the same name twice");
  return names.map((name) => {
    const place = columns.findIndex((column) => column.name === name || plainName(column.name) === name);
    refuseUnless(place >= 0, `the column "${name}"`, `only ${columns.map((column) => column.name).join(", ")}`);
    return place;
  });
}

function parse(text: string): Booster {
  try {
    // XGBoost writes NaN and Infinity as bare words, which JSON does not know.
    return JSON.parse(text.replace(/([[,:]\s*)-?(?:NaN|Infinity)\b/g, "$1null"));
  } catch (cause) {
    throw new TypeError("wanted a model that XGBoost saved as JSON, found text that is not JSON", { cause });
  }
}

function refuseUnless(fits: unknown, wanted: string, found: unknown): asserts fits {
  if (!fits) throw new TypeError(`XGBoost model: wanted ${wanted}, found ${found}`);
}

function columnsOf(learner: Booster["learner"], trees: readonly Tree[]): Column[] {
  const count = Number(learner.learner_model_param.num_feature);
  const levels = new Map<number, number>();
  for (const tree of trees)
    tree.categories_nodes?.forEach((node, k) => {
      const column = tree.split_indices[node];
      for (const category of categoriesOf(tree, k)) levels.set(column, Math.max(levels.get(column) ?? 0, category + 1));
    });
  return Array.from({ length: count }, (_, j): Column => {
    const name = learner.feature_names?.[j] ?? `f${j}`;
    if (learner.feature_types?.[j] === "c" || levels.has(j))
      return { name, type: "category", categories: Array.from({ length: (levels.get(j) ?? 0) + 1 }, (_, k) => `${k}`) };
    return { name, type: "number" };
  });
}

function categoriesOf(tree: Tree, k: number): readonly number[] {
  const from = tree.categories_segments?.[k] ?? 0;
  return (tree.categories ?? []).slice(from, from + (tree.categories_sizes?.[k] ?? 0));
}

/** Adds a tree from its root down; nodes that XGBoost has pruned are left behind. */
function addTree(
  tree: Tree,
  t: number,
  columns: readonly Column[],
  places: readonly number[],
  builder: ReturnType<typeof createTreesBuilder>,
): void {
  const sets = new Map((tree.categories_nodes ?? []).map((node, k) => [node, k]));
  const count = tree.left_children?.length ?? 0;
  for (const part of ["right_children", "split_indices", "split_conditions", "default_left", "sum_hessian"] as const)
    refuseUnless(count > 0 && tree[part]?.length === count, `${count} ${part} in tree ${t}`, tree[part]?.length);
  // Every node is reached once at most, so a damaged tree cannot keep us here.
  let visits = 0;
  const leaf = (node: number) => {
    refuseUnless(node >= 0 && node < count && visits++ < count, `a node of tree ${t}`, node);
    return builder.leaf(Math.fround(tree.split_conditions[node] ?? 0), tree.sum_hessian[node]);
  };
  const open = [{ node: 0, place: leaf(0) }];
  for (let one = open.shift(); one; one = open.shift()) {
    const { node, place } = one;
    if (tree.left_children[node] === -1) continue;
    const index = tree.split_indices[node];
    refuseUnless(index >= 0 && index < places.length, `a column below ${places.length} in tree ${t}`, index);
    const column = places[index];
    const described = columns[column];
    const at = sets.get(node);
    const categorical = at !== undefined || tree.split_type?.[node] === 1;
    refuseUnless(
      categorical === (described.type === "category"),
      `a split of the ${described.type} column "${described.name}" that suits it`,
      categorical ? "one on categories" : "one on a threshold",
    );
    if (described.type === "category") {
      // Of a split that sends no known level to the right, we write one that no row has.
      const most = Math.max(-1, ...categoriesOf(tree, at ?? -1));
      const { length } = described.categories;
      refuseUnless(most <= length, `categories of "${described.name}" below ${length}`, `code ${most} in tree ${t}`);
    }
    const left = leaf(tree.left_children[node]);
    const right = leaf(tree.right_children[node]);
    builder.split(place, {
      column,
      threshold: Math.fround(tree.split_conditions[node] ?? 0),
      left,
      right,
      missingLeft: Boolean(tree.default_left[node]),
      gain: tree.loss_changes?.[node] ?? 0,
      ...(described.type === "category" && { set: leftSet(described.categories.length, categoriesOf(tree, at ?? -1)) }),
    });
    open.push({ node: tree.left_children[node], place: left }, { node: tree.right_children[node], place: right });
  }
}

function leftSet(levels: number, right: readonly number[]): Uint32Array {
  const set = new Uint32Array((levels >> 5) + 1).fill(0xffffffff);
  for (const level of right) if (level < levels) set[(level + 1) >> 5] &= ~(1 << ((level + 1) & 31));
  return set;
}

const MOST = 3.4028234663852886e38;

/**
 * The model as XGBoost's JSON (version 1.7), for `Booster.load_model`. Category columns are of type `c`, their values the index
 * of the level. A split that parts only missing values from all others gets the largest float as its threshold.
 */
export function toXgboost(model: GbdtModel): string {
  const { columns, trees } = model;
  const named = columns.map(({ name }) => plainName(name));
  const parts = Array.from({ length: treeCount(trees) }, (_, t) => treeOut(trees, columns, t));
  const booster = {
    learner: {
      attributes: {},
      feature_names: named,
      feature_types: columns.map(({ type }) => (type === "category" ? "c" : "float")),
      gradient_booster: {
        model: {
          gbtree_model_param: { num_parallel_tree: "1", num_trees: `${parts.length}`, size_leaf_vector: "0" },
          tree_info: parts.map(() => 0),
          trees: parts,
        },
        name: "gbtree",
      },
      learner_model_param: {
        // More than nine digits, and XGBoost 1.7 reads one half without a word.
        base_score: logistic(trees.base).toExponential(8).toUpperCase(),
        boost_from_average: "0",
        num_class: "0",
        num_feature: `${columns.length}`,
        num_target: "1",
      },
      objective: { name: "binary:logistic", reg_loss_param: { scale_pos_weight: "1" } },
    },
    version: [1, 7, 4],
  };
  return JSON.stringify(booster).replace(/"~([^~"]+)~"/g, "$1");
}

/** XGBoost wants floats written as floats (1 is a whole number to it): nine digits keep each of 32 bits. */
const float = (value: number) => `~${value.toExponential(8)}~`;

function treeOut(trees: Trees, columns: readonly Column[], t: number) {
  const from = trees.roots[t];
  const nodes = Array.from({ length: trees.roots[t + 1] - from }, (_, k) => from + k);
  const parents = nodes.map(() => 2_147_483_647);
  const categories: number[] = [];
  const [categories_nodes, categories_segments, categories_sizes]: number[][] = [[], [], []];
  for (const node of nodes) {
    const column = trees.column[node];
    if (column < 0) continue;
    parents[trees.left[node] - from] = node - from;
    parents[trees.right[node] - from] = node - from;
    if (trees.set[node] < 0) continue;
    const right = rightLevels(trees, node);
    // An empty list is not allowed: then a level that no row has stands in it.
    const { categories: levels } = columns[column] as Column & { type: "category" };
    if (!right.length) right.push(levels.length);
    categories_nodes.push(node - from);
    categories_segments.push(categories.length);
    categories_sizes.push(right.length);
    for (const level of right) categories.push(level);
  }
  const splits = (node: number) => trees.column[node] >= 0;
  return {
    base_weights: nodes.map((node) => float(splits(node) ? 0 : trees.value[node])),
    categories,
    categories_nodes,
    categories_segments,
    categories_sizes,
    default_left: nodes.map((node) => trees.missingLeft[node]),
    id: t,
    left_children: nodes.map((node) => (splits(node) ? trees.left[node] - from : -1)),
    loss_changes: nodes.map((node) => float(trees.gain[node])),
    parents,
    right_children: nodes.map((node) => (splits(node) ? trees.right[node] - from : -1)),
    split_conditions: nodes.map((node) => float(trees.set[node] >= 0 ? 0 : Math.min(trees.value[node], MOST))),
    split_indices: nodes.map((node) => Math.max(0, trees.column[node])),
    split_type: nodes.map((node) => Number(trees.set[node] >= 0)),
    sum_hessian: nodes.map((node) => float(trees.cover[node])),
    tree_param: {
      num_deleted: "0",
      num_feature: `${columns.length}`,
      num_nodes: `${nodes.length}`,
      size_leaf_vector: "0",
    },
  };
}

/** Levels that go right at a category's split: those that training has not seen go where missing goes. */
function rightLevels(trees: Trees, node: number): number[] {
  const bins = trees.levelBins.get(trees.column[node]) ?? new Uint16Array();
  return [...bins.keys()].filter((level) =>
    bins[level] === 0 ? !trees.missingLeft[node] : !inSet(trees.sets, trees.set[node], bins[level]),
  );
}
