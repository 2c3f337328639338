import { expect, test } from "vitest";
import { nothingToLearn } from "../../training/nothing-to-learn.ts";

const about = { events: 90, rows: 0, positives: 0, early: 0, immature: 0, unnamed: 0, foretold: 0 };
const buys = {
  name: "buys",
  entity: "user",
  target: { kind: "event-within", event: "Order Complete", days: 30, everyDays: 14, activeDays: 90 } as const,
};
const fraud = {
  name: "fraud",
  entity: "card",
  target: { kind: "event-becomes", event: "Paid", outcome: "Fraud Report", on: "paymentid", days: 1 } as const,
};

test("rows of both outcomes need no words", () => {
  expect(nothingToLearn(buys, { ...about, rows: 50, positives: 3 })).toBeUndefined();
});

test("a recipe of a kind of entity that nothing happened to is told of its entity", () => {
  expect(nothingToLearn(fraud, { ...about, events: 0 })).toMatch(
    /^Wanted events of a card for "fraud", found none\. Look at its "entity"/,
  );
});

test("no row at all is told with what was left out and why, or with the event that never happened", () => {
  expect(nothingToLearn(fraud, { ...about, unnamed: 80, immature: 1_000 })).toBe(
    'Wanted rows of "Paid" for "fraud", found none in 90 events. ' +
      'Left out: 80 events without the property "paymentid"; 1,000 whose 1 day has not ended yet.',
  );
  expect(nothingToLearn(buys, about)).toMatch(
    /Look at the spelling of its event "Order Complete", or wait until 30 days/,
  );
});

test("no positive row names what was waited for", () => {
  expect(nothingToLearn(buys, { ...about, rows: 2 })).toMatch(
    /2 rows and in none of them "Order Complete" followed within 30/,
  );
  expect(nothingToLearn(fraud, { ...about, rows: 1 })).toMatch(
    /"Fraud Report" followed with the same "paymentid" within 1 day\./,
  );
});
