/** The simulator's own dice, so that this room imports nobody. */
export interface Dice {
  /** A number in [0, 1). */
  next(): number;
  /** A number in [low, high). */
  between(low: number, high: number): number;
  /** A whole number in [0, n). */
  below(n: number): number;
  chance(probability: number): boolean;
  /** A standard normal number. */
  normal(): number;
  /** A Poisson count; `mean` is small here (< 30). */
  poisson(mean: number): number;
  /** One of the options, each as likely as its weight. */
  weighted<T>(options: readonly (readonly [T, number])[]): T;
}

/**
 * sfc32 (Chris Doty-Humphrey's small fast counter, 128 bits of state), started from two numbers:
 * every person has a stream of their own, so nobody's life depends on how many people there are.
 */
export function throwDice(seed: number, stream: number): Dice {
  let a = seed | 0;
  let b = stream | 0;
  let c = 0x9e3779b9 | 0;
  let counter = 1;
  const next = () => {
    const bits = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + bits) | 0;
    return (bits >>> 0) / 4294967296;
  };
  for (let i = 0; i < 15; i++) next();

  return {
    next,
    between: (low, high) => low + (high - low) * next(),
    below: (n) => Math.floor(next() * n),
    chance: (probability) => next() < probability,
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    poisson(mean) {
      const floor = Math.exp(-mean);
      let count = -1;
      for (let product = 1; product > floor || count < 0; count++) product *= next();
      return count;
    },
    weighted(options) {
      let left = next() * options.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [option, weight] of options) {
        left -= weight;
        if (left < 0) return option;
      }
      return options[options.length - 1][0];
    },
  };
}

export const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
