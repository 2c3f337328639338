/** Days of the handbook's protocol. */
export const WEEK = 7;
export const DELAY = 7;

/** One transaction as the protocol sees it. Days count from the first of the log. */
export interface Payments {
  readonly rows: number;
  readonly day: Int32Array;
  readonly customer: readonly string[];
  readonly fraud: Uint8Array;
}

export interface Week {
  readonly train: Uint32Array;
  readonly test: Uint32Array;
}

/**
 * The rows of a training week that begins on `start`, and of the test week that begins when its labels have had a week
 * to become known: of those customers who were not yet known as defrauded, day by day (the handbook's chapter 5).
 */
export function weekOf({ rows, day, customer, fraud }: Payments, start: number): Week {
  const first = start + WEEK + DELAY;
  const train: number[] = [];
  const test: number[] = [];
  /** The first day on which a customer's fraud is known. */
  const known = new Map<string, number>();
  for (let i = 0; i < rows; i++) {
    if (day[i] < start || day[i] >= first) continue;
    if (day[i] < start + WEEK) train.push(i);
    // frauds of the training week are known when the test begins, those of a later day a week after it
    const from = Math.max(first, day[i] + DELAY + 1);
    if (fraud[i]) known.set(customer[i], Math.min(known.get(customer[i]) ?? from, from));
  }
  for (let i = 0; i < rows; i++)
    if (day[i] >= first && day[i] < first + WEEK && !((known.get(customer[i]) ?? Number.POSITIVE_INFINITY) <= day[i]))
      test.push(i);
  return { train: Uint32Array.from(train), test: Uint32Array.from(test) };
}

export interface CardPrecision {
  /** Mean over the days: the share of compromised cards among the k that look worst. */
  readonly precision: number;
  /** The same, did one know the truth. */
  readonly ceiling: number;
}

/**
 * The handbook's card precision@k: each day the k cards with the highest probability of any of their payments are
 * looked at; a card that was found is not looked at again.
 */
export function cardPrecision(
  { day, customer, fraud }: Payments,
  rows: Uint32Array,
  probability: Float64Array,
  k = 100,
): CardPrecision {
  const ceiling = dayByDay(Float64Array.from(rows, (row) => fraud[row]));
  return { precision: dayByDay(probability), ceiling };

  function dayByDay(score: Float64Array): number {
    const found = new Set<string>();
    const days = [...new Set(Array.from(rows, (row) => day[row]))].sort((a, b) => a - b);
    let sum = 0;
    for (const today of days) {
      const cards = new Map<string, { score: number; fraud: number }>();
      rows.forEach((row, i) => {
        if (day[row] !== today || found.has(customer[row])) return;
        const card = cards.get(customer[row]) ?? { score: Number.NEGATIVE_INFINITY, fraud: 0 };
        card.score = Math.max(card.score, score[i]);
        card.fraud = Math.max(card.fraud, fraud[row]);
        cards.set(customer[row], card);
      });
      const worst = [...cards].sort(([a, x], [b, y]) => y.score - x.score || (a < b ? -1 : 1)).slice(0, k);
      const compromised = worst.filter(([, card]) => card.fraud === 1);
      for (const [name] of compromised) found.add(name);
      sum += compromised.length / k;
    }
    return sum / days.length;
  }
}
