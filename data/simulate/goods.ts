import type { Dice } from "./random.ts";

export interface Product {
  readonly product_id: string;
  readonly category: string;
  readonly price: number;
}

/** Categories with the price in the middle of their shelf. */
const SHELVES: readonly (readonly [category: string, middlePrice: number])[] = [
  ["books", 14],
  ["music", 12],
  ["garden", 34],
  ["kitchen", 42],
  ["fashion", 55],
  ["sport", 60],
  ["toys", 24],
  ["electronics", 140],
];
const PRODUCTS_A_SHELF = 40;

export const CATEGORIES = SHELVES.map(([category]) => category);
export const PAYMENTS = [
  ["card", 5],
  ["wallet", 3],
  ["invoice", 2],
  ["gift card", 0.6],
] as const satisfies readonly (readonly [string, number])[];

const cents = (amount: number) => Math.round(amount * 100) / 100;

/** A product of a category; its price is always the same. */
export function pickProduct(category: string, dice: Dice): Product {
  const shelf = Math.max(0, CATEGORIES.indexOf(category));
  const n = dice.below(PRODUCTS_A_SHELF);
  // a fixed spread of 0.4 to 2.5 times the middle price along the shelf
  const price = cents(SHELVES[shelf][1] * Math.exp(((n + 0.5) / PRODUCTS_A_SHELF - 0.5) * 1.85));
  return { product_id: `${category}-${n + 1}`, category, price };
}
