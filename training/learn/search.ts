import { defaults, type GbdtParams } from "../../models/gbdt/params.ts";
import { LEARNERS } from "../../models/learners.ts";
import { createRandom, type Random } from "../../models/random.ts";
import type { DevelopContext, Development } from "./develop.ts";

/** A forest that was tried on all parts, and what it lost there. */
export interface Searched {
  /** Settled: with as many rounds as were best. */
  readonly params: GbdtParams;
  readonly loss: number;
  /** What was drawn, in words. */
  readonly about: string;
}

export interface SearchPlan {
  readonly seed: number;
  /** How many forests are wanted. */
  readonly wanted: number;
  /** How much of the budget is spent, from 0; at 1 the search ends. */
  readonly spent: () => number;
}

const MOST_DRAWS = 60;
/** Of the draws, or of the budget, this share is spent on chance alone; the rest near what was best. */
const BY_CHANCE = 0.5;

/**
 * The best forests out of those that a budget affords, best first; one at least. First by chance, then changed a little
 * from one of the best so far. A draw that is behind the `wanted` best on the parts that it has seen goes no further.
 */
export async function searchForests(
  development: Development,
  { seed, wanted, spent }: SearchPlan,
  context: DevelopContext,
): Promise<Searched[]> {
  const random = createRandom(seed);
  const best: { drawn: Drawn; params: GbdtParams; losses: readonly number[] }[] = [];
  const mean = (losses: readonly number[], count = losses.length) =>
    losses.slice(0, count).reduce((sum, loss) => sum + loss, 0) / count;
  for (let turn = 0; turn < MOST_DRAWS && (turn === 0 || spent() < 1); turn++) {
    const done = Math.max(turn / MOST_DRAWS, Math.min(1, spent()));
    context.onProgress(done);
    const parent = done >= BY_CHANCE && best.length ? best[random.below(best.length)] : undefined;
    const drawn = parent ? near(parent.drawn, random) : draw(random);
    const last = best.length === wanted ? best[wanted - 1] : undefined;
    const { losses, params } = await development.tryOut(
      LEARNERS.gbdt,
      { ...defaults, ...forestOf(drawn), tries: [] },
      { ...context, onProgress: () => {} },
      (soFar) => !last || mean(soFar) < mean(last.losses, soFar.length),
    );
    if (last && !(losses.length === last.losses.length && mean(losses) < mean(last.losses))) continue;
    best.push({ drawn, params: params as GbdtParams, losses });
    best.sort((a, b) => mean(a.losses) - mean(b.losses)).splice(wanted);
  }
  return best.map(({ drawn, params, losses }) => ({ params, loss: mean(losses), about: wordsOf(drawn) }));
}

/** Shapes from stumps to bushes: level by level to a depth, or leaf by leaf to a number of leaves. */
const SHAPES = [
  { growth: "depth", depth: 1 },
  { growth: "depth", depth: 2 },
  { growth: "depth", depth: 3 },
  { growth: "depth", depth: 4 },
  { growth: "depth", depth: 5 },
  { growth: "depth", depth: 6 },
  { growth: "depth", depth: 8 },
  { growth: "leaf", depth: 12, leaves: 8 },
  { growth: "leaf", depth: 12, leaves: 16 },
  { growth: "leaf", depth: 12, leaves: 31 },
] as const;

/** Drawn evenly on a logarithmic scale. */
const RANGES = {
  shrinkage: [0.02, 0.15],
  minWeight: [0.3, 20],
  l2: [0.1, 30],
  rowShare: [0.5, 1],
  columnShare: [0.15, 1],
  categorySmooth: [2, 100],
} as const;

type Ranged = keyof typeof RANGES;
type Drawn = { readonly shape: number } & { readonly [name in Ranged]: number };

const NAMES = Object.keys(RANGES) as Ranged[];

const ranged = (of: (name: Ranged) => number): Omit<Drawn, "shape"> =>
  Object.fromEntries(NAMES.map((name) => [name, Number(of(name).toPrecision(2))])) as Omit<Drawn, "shape">;

function draw(random: Random): Drawn {
  return {
    shape: random.below(SHAPES.length),
    ...ranged((name) => {
      const [low, high] = RANGES[name];
      return low * (high / low) ** random.next();
    }),
  };
}

/** A sixth of the range is a usual step. */
const STEP = 1 / 6;

/** A neighbour: the shape at most one further, each number moved by a normal step within its range. */
function near(from: Drawn, random: Random): Drawn {
  return {
    shape: Math.min(SHAPES.length - 1, Math.max(0, from.shape + random.below(3) - 1)),
    ...ranged((name) => {
      const [low, high] = RANGES[name];
      const moved = from[name] * (high / low) ** (STEP * random.normal());
      return Math.min(high, Math.max(low, moved));
    }),
  };
}

const forestOf = ({ shape, ...numbers }: Drawn) => ({ ...SHAPES[shape], ...numbers });

const wordsOf = (drawn: Drawn): string =>
  Object.entries(forestOf(drawn))
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
