import type { Person } from "./person.ts";
import type { Dice } from "./random.ts";

/**
 * How much a person is about to buy: away, looking, buying. It changes overnight, by a Markov chain of
 * their own; sessions and their outcomes are drawn from it, so behaviour shows it and never quite tells it.
 */
export type Mood = 0 | 1 | 2;

export interface Temper {
  /** `overnight[from][to]`, rows sum to 1. */
  readonly overnight: readonly (readonly [number, number, number])[];
  /** Sessions a day in each mood, on an average day. */
  readonly sessions: readonly [number, number, number];
  /** The share of sessions that end in an order. */
  readonly converts: readonly [number, number, number];
}

/** The temper of a person: what their hidden traits make of their days. */
export function temperOf({ hidden: { intent, thrift, stability }, traits: { age } }: Person): Temper {
  const calm = Math.exp(0.35 * stability);
  const wish = 0.75 * intent - 0.3 * thrift + (age < 30 ? 0.25 : 0);
  const up = 0.014 * Math.exp(0.6 * wish);
  const down = 0.026 * Math.exp(-0.4 * wish);
  const steps = { wake: up / calm, warm: (1.6 * up) / calm, cool: down / calm, sleep: (0.6 * down) / calm };
  const frequency = Math.exp(0.3 * wish);
  const ease = Math.exp(0.4 * wish);
  return {
    overnight: [
      [1 - steps.wake, steps.wake * 0.8, steps.wake * 0.2],
      [steps.sleep, 1 - steps.sleep - steps.warm, steps.warm],
      [steps.cool * 0.2, steps.cool * 0.8, 1 - steps.cool],
    ].map(([a, b, c]) => clampRow(a, b, c)),
    sessions: [0.012 * frequency, 0.08 * frequency, 0.19 * frequency],
    converts: [Math.min(0.5, 0.02 * ease), Math.min(0.7, 0.038 * ease), Math.min(0.9, 0.15 * ease)],
  };
}

/** Extreme tempers may ask for more than all of the probability; nobody leaves a mood in less than two days on average. */
function clampRow(a: number, b: number, c: number): readonly [number, number, number] {
  const row = [a, b, c].map((x) => Math.max(0, x));
  const sum = row[0] + row[1] + row[2];
  return [row[0] / sum, row[1] / sum, row[2] / sum];
}

/** Where the chain settles: the mood a person arrives with. By repeated squaring of nothing cleverer than a walk. */
export function settledMood({ overnight }: Temper, dice: Dice): Mood {
  let share = [0.4, 0.4, 0.2];
  for (let night = 0; night < 200; night++) {
    share = [0, 1, 2].map(
      (to) => share[0] * overnight[0][to] + share[1] * overnight[1][to] + share[2] * overnight[2][to],
    );
  }
  return draw(share, dice);
}

export const nextMood = (mood: Mood, { overnight }: Temper, dice: Dice): Mood => draw(overnight[mood], dice);

function draw(share: readonly number[], dice: Dice): Mood {
  const x = dice.next();
  return x < share[0] ? 0 : x < share[0] + share[1] ? 1 : 2;
}

/** How busy a day is: Sundays and Mondays more, Fridays less, and a slow wave over the year. 1 on average. */
export function busyness(day: number): number {
  const weekday = (day + 4) % 7; // 1970-01-01 was a Thursday
  const week = [1.2, 1.1, 1, 0.95, 0.95, 0.85, 0.95][weekday];
  return week * (1 + 0.08 * Math.sin((2 * Math.PI * day) / 365.25));
}

/**
 * The true probability of at least one order within `days` days from the morning of `day`, in `mood`.
 *
 * Sessions are Poisson and convert independently, so a day in mood m passes without an order with probability
 * exp(−sessions·converts); the rest is the chain, walked backwards. Exact, O(9 · days).
 */
export function orderWithin(days: number, day: number, mood: Mood, { overnight, sessions, converts }: Temper): number {
  let away = 1;
  let looking = 1;
  let buying = 1;
  const [a, b, c] = overnight;
  for (let d = day + days - 1; d >= day; d--) {
    const busy = busyness(d);
    const last = d === day + days - 1;
    const x = last ? 1 : a[0] * away + a[1] * looking + a[2] * buying;
    const y = last ? 1 : b[0] * away + b[1] * looking + b[2] * buying;
    const z = last ? 1 : c[0] * away + c[1] * looking + c[2] * buying;
    away = Math.exp(-busy * sessions[0] * converts[0]) * x;
    looking = Math.exp(-busy * sessions[1] * converts[1]) * y;
    buying = Math.exp(-busy * sessions[2] * converts[2]) * z;
  }
  return 1 - [away, looking, buying][mood];
}
