import { CATEGORIES } from "./goods.ts";
import type { Dice } from "./random.ts";

/** What everybody may know of a person. */
export interface Traits {
  readonly age: number;
  readonly city: string;
  readonly industry: string;
}

/**
 * What no feature can see: standard normal numbers, 0 is the middle of the town.
 * intent: wish to buy · thrift: care with money · honesty · stability: regular ways, paid bills.
 */
export interface Hidden {
  readonly intent: number;
  readonly thrift: number;
  readonly honesty: number;
  readonly stability: number;
}

export interface Person {
  readonly id: string;
  readonly traits: Traits;
  readonly hidden: Hidden;
  /** The two categories this person keeps coming back to. */
  readonly likes: readonly [string, string];
  readonly payment: number;
}

const CITIES = [
  ["Lisbon", 6],
  ["Porto", 4],
  ["Berlin", 8],
  ["Hamburg", 5],
  ["Vienna", 5],
  ["Prague", 4],
  ["Warsaw", 5],
  ["Utrecht", 3],
  ["Ghent", 2],
  ["Lyon", 4],
  ["Turin", 3],
  ["Malmö", 2],
] as const;
const INDUSTRIES = [
  ["health", 4],
  ["education", 4],
  ["retail", 5],
  ["construction", 3],
  ["software", 3],
  ["transport", 3],
  ["hospitality", 3],
  ["none", 2],
] as const;
/** Trades with uncertain incomes show in the hidden stability. */
const STEADINESS: Readonly<Record<string, number>> = { hospitality: -0.4, none: -0.8, education: 0.4, health: 0.4 };

/** A person of the town, whole from the first throw of their dice. */
export function bear(index: number, dice: Dice): Person {
  const age = Math.round(Math.min(85, Math.max(18, 18 + Math.abs(dice.normal()) * 12 + dice.between(0, 25))));
  const industry = dice.weighted(INDUSTRIES);
  const city = dice.weighted(CITIES);
  const older = (age - 40) / 15;
  const first = CATEGORIES[dice.below(CATEGORIES.length)];
  return {
    id: `person-${index + 1}`,
    traits: { age, city, industry },
    hidden: {
      intent: dice.normal() - 0.15 * older,
      thrift: 0.95 * dice.normal() + 0.3 * older,
      honesty: dice.normal(),
      stability: 0.9 * dice.normal() + 0.3 * older + (STEADINESS[industry] ?? 0),
    },
    likes: [first, CATEGORIES[dice.below(CATEGORIES.length)]],
    payment: dice.next(),
  };
}
