import { chooseFeatures, type Feature, levelBin } from "../../../../models/gbdt/features.ts";
import type { GbdtParams } from "../../../../models/gbdt/params.ts";
import { createTreesBuilder, type Trees } from "../../../../models/gbdt/trees.ts";
import { logit } from "../../../../models/math/logit.ts";
import type { Dataset } from "../../../../models/model.ts";
import { createRandom } from "../../../../models/random.ts";
import { binOf, bits, cutsOf, gradient } from "./numbers.ts";
import { type Found, type Rules, type Sum, searchCategory, searchNumber, weightOf } from "./search.ts";

interface Node {
  readonly rows: number[];
  readonly place: number;
  readonly depth: number;
  readonly low: number;
  readonly high: number;
  readonly total: Sum;
  best?: Found & { feature: number };
}

/**
 * The whole training again in plain JavaScript: arrays of numbers, no memory laid out, no threads, every histogram counted
 * afresh. What the kernels make must be this, bit for bit.
 */
export function trainPlainly(data: Dataset, params: GbdtParams, seed: number): Trees {
  const random = createRandom(seed);
  const n = data.rows;
  const weights = Array.from({ length: n }, (_, i) => data.weight?.[i] ?? 1);
  const rate = [1, 1];
  for (let i = 0; i < n; i++) rate[data.label[i]] += weights[i];
  const base = Math.fround(logit(rate[1] / (rate[0] + rate[1])));
  const features = chooseFeatures(data, params);
  const cuts = features.map((f) => (f.levelBins ? [] : cutsOf([...data.values[f.column]], params.bins - 2)));
  const bins = features.map((f, k) =>
    Array.from(data.values[f.column], (v) => (f.levelBins ? levelBin(f.levelBins, v) : binOf(v, cuts[k]))),
  );
  const total = weights.reduce((sum, w) => sum + (data.weight ? Math.fround(w) : w), 0);
  const scaleG = Math.fround((0.999 * (2 ** 31 - 2 * n)) / total);
  const scaleH = Math.fround((0.999 * (2 ** 32 - 2 * n)) / (0.25 * total));
  const general = params.l1 > 0 || features.some((f) => f.direction !== 0);
  const margin = new Float32Array(n).fill(base);
  const builder = createTreesBuilder();
  if (!features.length) return builder.build(0, base, new Map());

  for (let round = 0; round < params.rounds; round++) {
    const [roundKey, sampleKey] = [random.below(2 ** 32), random.below(2 ** 32)];
    const below = params.rowShare < 1 ? Math.floor(params.rowShare * 2 ** 32) : 2 ** 32;
    const chosen = draw(features, params, random);
    const gradients = Array.from({ length: n }, (_, i) =>
      gradient(margin[i], data.label[i], data.weight?.[i], i, roundKey, scaleG, scaleH),
    );
    const taken = [...margin.keys()].filter((i) => below === 2 ** 32 || bits(i, sampleKey) < below);

    const rulesOf = (node: Pick<Node, "low" | "high">, direction = 0): Rules => ({
      params,
      unitG: 1 / scaleG,
      unitH: 1 / scaleH,
      low: node.low,
      high: node.high,
      direction,
      general,
    });
    const open = (rows: number[], depth: number, low: number, high: number): Node => {
      const sum = rows.reduce((s, i) => ({ g: s.g + gradients[i].g, h: s.h + gradients[i].h }), { g: 0, h: 0 });
      return { rows, depth, low, high, total: sum, place: builder.leaf(0, sum.h / scaleH) };
    };
    const worthSearching = (node: Node) => node.depth < params.depth && node.total.h / scaleH >= 2 * params.minWeight;
    const search = (node: Node) => {
      features.forEach((feature, f) => {
        if (!chosen[f]) return;
        const sums: Sum[] = Array.from({ length: feature.levelBins ? feature.bins : cuts[f].length + 2 }, () => ({
          g: 0,
          h: 0,
        }));
        for (const i of node.rows) {
          const at = bins[f][i];
          sums[at] = { g: sums[at].g + gradients[i].g, h: sums[at].h + gradients[i].h };
        }
        const rules = rulesOf(node, feature.direction);
        const found = feature.levelBins ? searchCategory(sums, rules) : searchNumber(sums, rules);
        if (found && found.gain > Math.max(params.minGain, 1e-6, node.best?.gain ?? 0))
          node.best = { ...found, feature: f };
      });
    };

    const finals: Node[] = [];
    const splits: { node: Node; left: Node; right: Node }[] = [];
    const root = open(taken, 0, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    search(root);
    let frontier = [root];
    let leaves = 1;
    const most = params.leaves || Number.POSITIVE_INFINITY;
    while (frontier.length) {
      const ready = frontier.filter((node) => node.best);
      finals.push(...frontier.filter((node) => !node.best));
      frontier = [];
      if (leaves >= most) {
        finals.push(...ready);
        break;
      }
      const byGain = [...ready].sort((a, b) => (b.best?.gain ?? 0) - (a.best?.gain ?? 0));
      let going = ready;
      if (params.growth === "leaf") going = byGain.slice(0, 1);
      else if (leaves + ready.length > most) going = byGain.slice(0, most - leaves);
      for (const node of ready) if (!going.includes(node)) (params.growth === "leaf" ? frontier : finals).push(node);
      for (const node of going) {
        const best = node.best as Found & { feature: number };
        const feature = features[best.feature];
        let [lows, highs] = [
          [node.low, node.low],
          [node.high, node.high],
        ];
        if (feature.direction) {
          const right = { g: node.total.g - best.left.g, h: node.total.h - best.left.h };
          const [wl, wr] = [best.left, right].map((sum) =>
            weightOf(sum, params.l2, { ...rulesOf(node), unitG: 1 / scaleG, unitH: 1 / scaleH }),
          );
          const middle = (wl + wr) / 2;
          if (feature.direction > 0)
            [lows, highs] = [
              [node.low, middle],
              [middle, node.high],
            ];
          else
            [lows, highs] = [
              [middle, node.low],
              [node.high, middle],
            ];
        }
        const goes = (i: number) => best.goesLeft(bins[best.feature][i]);
        const left = open(node.rows.filter(goes), node.depth + 1, lows[0], highs[0]);
        const right = open(
          node.rows.filter((i) => !goes(i)),
          node.depth + 1,
          lows[1],
          highs[1],
        );
        leaves++;
        builder.split(node.place, {
          column: feature.column,
          threshold: feature.levelBins ? 0 : (cuts[best.feature][best.bin - 1] ?? Number.POSITIVE_INFINITY),
          left: left.place,
          right: right.place,
          missingLeft: best.missingLeft,
          gain: best.gain,
          ...(feature.levelBins && { set: setOf(best.goesLeft) }),
        });
        splits.push({ node, left, right });
        if (!worthSearching(left) && !worthSearching(right)) {
          finals.push(left, right);
          continue;
        }
        for (const child of [left, right])
          if (worthSearching(child)) {
            search(child);
            frontier.push(child);
          } else finals.push(child);
      }
    }
    const answers = new Map(finals.map((node) => [node, answerOf(node, params, scaleG, scaleH)]));
    for (const [node, answer] of answers) builder.pay(node.place, answer);
    const bySplit = new Map(splits.map((split) => [split.node, split]));
    for (let i = 0; i < n; i++) {
      let node = root;
      for (let split = bySplit.get(node); split; split = bySplit.get(node)) {
        const { best } = split.node;
        node = best?.goesLeft(bins[best.feature][i]) ? split.left : split.right;
      }
      margin[i] += answers.get(node) ?? 0;
    }
    builder.endTree();
    if (splits.length === 0 && params.rowShare === 1 && params.columnShare === 1) {
      return builder.build(round + 1, base, levelsOf(features));
    }
  }
  return builder.build(params.rounds, base, levelsOf(features));
}

const levelsOf = (features: readonly Feature[]) =>
  new Map(features.flatMap((f) => (f.levelBins ? [[f.column, f.levelBins] as const] : [])));

function answerOf(node: Node, params: GbdtParams, scaleG: number, scaleH: number): number {
  const g = node.total.g / scaleG;
  const pulled = g > params.l1 ? g - params.l1 : g < -params.l1 ? g + params.l1 : 0;
  const w = Math.min(Math.max(-pulled / (node.total.h / scaleH + params.l2), node.low), node.high);
  return Math.fround(w * params.shrinkage);
}

function setOf(goesLeft: (bin: number) => boolean): Uint32Array {
  const set = new Uint32Array(8);
  for (let bin = 0; bin < 256; bin++) if (goesLeft(bin)) set[bin >> 5] |= 1 << (bin & 31);
  return set;
}

function draw(features: readonly Feature[], params: GbdtParams, random: ReturnType<typeof createRandom>): boolean[] {
  if (params.columnShare === 1) return features.map(() => true);
  let wanted = Math.max(1, Math.round(params.columnShare * features.length));
  return features.map((_, f) => {
    const taken = random.next() * (features.length - f) < wanted;
    if (taken) wanted--;
    return taken;
  });
}
