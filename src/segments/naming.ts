/** What it is called in people to have much, or little, of a feature. */
const WORDS: Readonly<Record<string, readonly [more: string, less: string]>> = {
  views_30d: ["browses a lot", "browses little"],
  searches_7d: ["searches a lot", "searches little"],
  cart_adds_7d: ["fills the cart", "leaves the cart empty"],
  categories_90d: ["looks at many categories", "looks at few categories"],
  orders_90d: ["ordered a lot lately", "ordered little lately"],
  orders_400d: ["orders often", "orders rarely"],
  spent_90d: ["spent much lately", "spent little lately"],
  spent_400d: ["spends much", "spends little"],
  average_order_400d: ["large orders", "small orders"],
  days_since_order: ["last ordered long ago", "ordered recently"],
  order_gap: ["long pauses between orders", "short pauses between orders"],
  refunds_400d: ["returns a lot", "returns little"],
  chargebacks_400d: ["charges back", "never charges back"],
  days_since_seen: ["not seen lately", "seen recently"],
  days_known: ["known for long", "new"],
  active_days_90d: ["comes often", "comes rarely"],
  devices_90d: ["many devices", "few devices"],
  loans_400d: ["borrows", "does not borrow"],
  repaid_400d: ["repays loans", "has repaid no loans"],
};

/** A difference of one feature in words: "orders often", or "more wishes_30d" for a feature of the user's own. */
export function contrastWords(feature: string, difference: number): string {
  const words = Object.hasOwn(WORDS, feature) ? WORDS[feature] : undefined;
  if (words) return difference >= 0 ? words[0] : words[1];
  return `${difference >= 0 ? "more" : "less"} ${feature.replaceAll("_", " ")}`;
}

/** Below this many standard deviations a difference names nobody. */
const NOTABLE = 0.25;
/** Words in a name, when they suffice to tell it from the others. */
const FEW = 2;

interface Named {
  readonly words: string;
  readonly difference: number;
}

/**
 * A name for each segment from its contrasts (the largest first): the first two that are notable, more where another
 * segment would have the same name, and a number where even all of them do not tell two apart. No name comes twice.
 */
export function nameSegments(segments: readonly (readonly Named[])[]): string[] {
  const words = segments.map((contrasts) =>
    contrasts.filter(({ difference }) => Math.abs(difference) >= NOTABLE).map((contrast) => contrast.words),
  );
  const most = Math.max(FEW, ...words.map(({ length }) => length));
  const lengths = words.map(() => FEW);
  const name = (i: number) => words[i].slice(0, lengths[i]).join(", ") || "like the average";
  for (let length = FEW; length < most; length++) {
    const names = words.map((_, i) => name(i));
    names.forEach((own, i) => {
      if (names.filter((other) => other === own).length > 1) lengths[i] = length + 1;
    });
  }
  const taken = new Set<string>();
  return words.map((_, i) => {
    let unique = name(i);
    for (let number = 2; taken.has(unique); number++) unique = `${name(i)} (${number})`;
    taken.add(unique);
    return unique;
  });
}
