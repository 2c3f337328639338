import type { Call, TruthLine } from "./call.ts";
import { CATEGORIES, PAYMENTS, pickProduct } from "./goods.ts";
import { busyness, type Mood, nextMood, orderWithin, settledMood, temperOf } from "./mood.ts";
import { bear, type Person } from "./person.ts";
import { type Dice, logistic, throwDice } from "./random.ts";

/** One person's whole time in the shop: calls in time order, and the truth behind them. */
export interface Life {
  readonly person: Person;
  readonly calls: readonly Call[];
  readonly truth: readonly TruthLine[];
}

export interface Span {
  /** Days since 1970-01-01 UTC: the first day, and the first day after the last. */
  readonly firstDay: number;
  readonly endDay: number;
  readonly seed: number;
}

/** The horizon of the purchase truth. */
export const PURCHASE_DAYS = 30;

const DAY_S = 86_400;
const HOUR_S = 3_600;
type Properties = Record<string, string | number>;
/** Seconds since 1970, a name ("" = identify), properties. */
type Moment = readonly [second: number, event: string, properties: Properties];

const round = (value: number, digits: number) => Math.round(value * 10 ** digits) / 10 ** digits;
const isoTime = (second: number) => new Date(second * 1000).toISOString();
const isoDay = (day: number) => isoTime(day * DAY_S).slice(0, 10);

/** Lives one person's days. Cost: about 0.3 ms for 180 days. */
export function live(index: number, { firstDay, endDay, seed }: Span): Life {
  const dice = throwDice(seed, index);
  const person = bear(index, dice);
  const temper = temperOf(person);
  const { hidden, traits, id } = person;

  const moments: Moment[] = [];
  const truth: TruthLine[] = [];
  const refunds: number[] = [];
  const repaid: number[] = [];
  const due: number[] = [];
  let orders = 0;
  let loans = 0;
  let devices = 1;

  // most people are there from the opening on, the others find the shop later
  const days = endDay - firstDay;
  const joinDay = firstDay + (dice.chance(0.6) ? dice.below(Math.min(10, days)) : dice.below(days));
  moments.push([joinDay * DAY_S + HOUR_S * 6, "", { ...traits }]);
  const daily: number[] = [];
  let mood: Mood = settledMood(temper, dice);
  if (mood === 0 && dice.chance(0.6)) mood = 1; // who signs up came to look

  for (let day = joinDay; day < endDay; day++) {
    if (day > joinDay) mood = nextMood(mood, temper, dice);
    daily.push(round(orderWithin(PURCHASE_DAYS, day, mood, temper), 4));
    const sessions = dice.poisson(temper.sessions[mood] * busyness(day));
    for (let s = 0; s < sessions; s++) visit(day);
    borrow(day);
  }

  /** A session between 6:00 and 23:00: it never crosses midnight, so the daily truth stays exact. */
  function visit(day: number) {
    let second = Math.floor(day * DAY_S + dice.between(6.1, 22) * HOUR_S);
    const pause = () => (second += 5 + Math.floor(dice.next() * 120));
    // somebody in a hurry: several log-ins, a new device, straight to the goods
    const rushed = dice.chance(logistic(-3.4 - 0.8 * hidden.honesty));
    const newDevice = rushed ? dice.chance(0.75) : dice.chance(0.03);
    if (newDevice) devices++;
    const logIns = rushed ? 2 + dice.poisson(1.5) : dice.chance(0.45) ? 1 : 0;
    const device = `device-${index + 1}-${newDevice ? devices : 1}`;
    for (let k = 0; k < logIns; k++) moments.push([pause(), "Logged In", { device }]);

    const converts = dice.chance(temper.converts[mood]);
    const category = rushed
      ? dice.chance(0.5)
        ? "electronics"
        : person.likes[0]
      : dice.weighted([
          [person.likes[0], 5],
          [person.likes[1], 3],
          [CATEGORIES[dice.below(CATEGORIES.length)], 2],
        ]);
    if (dice.chance([0.15, 0.3, 0.45][mood])) moments.push([pause(), "Products Searched", { query: category }]);
    const views = rushed ? 1 : 1 + dice.poisson([0.9, 2, 3.2][mood]);
    let seen = pickProduct(category, dice);
    for (let v = 0; v < views; v++) {
      seen = pickProduct(category, dice);
      moments.push([pause(), "Product Viewed", { ...seen }]);
    }
    if (!converts && !dice.chance([0.06, 0.15, 0.4][mood])) return;
    moments.push([pause(), "Product Added", { ...seen }]);
    if (converts) order(pause(), seen, rushed, newDevice);
  }

  function order(
    second: number,
    { category, price }: { category: string; price: number },
    rushed: boolean,
    newDevice: boolean,
  ) {
    const order_id = `order-${index + 1}-${++orders}`;
    const pieces = 1 + dice.poisson(Math.exp(-0.6 - 0.3 * hidden.thrift) + (rushed ? 1.5 : 0));
    const revenue = round(price * pieces * dice.between(0.9, 1.1), 2);
    const payment = rushed && dice.chance(0.35) ? "gift card" : usual(person.payment, dice);
    moments.push([second, "Order Completed", { order_id, revenue, category, payment }]);

    const fraud = logistic(
      -4.85 -
        0.85 * hidden.honesty +
        1.6 * Number(rushed) +
        0.5 * Number(newDevice) +
        0.5 * Math.log(revenue / 60) +
        (payment === "gift card" ? 1.2 : payment === "invoice" ? 0.5 : 0) +
        (second < (joinDay + 14) * DAY_S ? 0.6 : 0),
    );
    truth.push({ target: "fraud", user: id, order_id, probability: round(fraud, 6) });
    if (dice.chance(fraud)) {
      moments.push([second + Math.floor(dice.between(5, 40) * DAY_S), "Chargeback Received", { order_id }]);
    } else if (dice.chance(sendsBack({ category, revenue, payment }, hidden.stability))) {
      const back = second + Math.floor(dice.between(3, 14) * DAY_S);
      refunds.push(back);
      moments.push([back, "Order Refunded", { order_id, revenue }]);
    }
  }

  function borrow(day: number) {
    const second = Math.floor(day * DAY_S + dice.between(9, 21) * HOUR_S);
    const granted = loans;
    const back = repaid.filter((at) => at < second).length;
    const overdue = due.filter((at) => at < second).length;
    if (granted - back - overdue >= 2) return;
    if (!dice.chance(0.009 * Math.exp(-0.6 * hidden.thrift - 0.5 * overdue))) return;

    const loan_id = `loan-${index + 1}-${++loans}`;
    const months = dice.chance(0.6) ? 1 : 2;
    const amount = Math.max(20, Math.round((150 * Math.exp(0.7 * dice.normal() - 0.2 * hidden.thrift)) / 10) * 10);
    moments.push([second - Math.floor(dice.between(20, 900)), "Logged In", { device: `device-${index + 1}-1` }]);
    moments.push([second, "Loan Granted", { loan_id, amount, months }]);

    const repays = logistic(
      3.1 +
        0.8 * hidden.stability +
        0.6 * hidden.honesty -
        1.3 * Math.log(amount / 150) -
        0.7 * (months - 1) +
        0.7 * Math.min(2, back) -
        1.5 * Math.min(2, overdue) -
        0.6 * (granted - back - overdue) -
        0.7 * Math.min(2, refunds.filter((at) => at < second).length) +
        0.5 * Math.max(-1.5, Math.min(1.5, (traits.age - 40) / 15)),
    );
    truth.push({ target: "repayment", user: id, loan_id, probability: round(repays, 6) });
    const dueAt = second + months * 30 * DAY_S;
    if (dice.chance(repays)) {
      const paidAt = Math.floor(dueAt + dice.between(-6, 7 - 2 * Math.max(-1, Math.min(1, hidden.stability))) * DAY_S);
      repaid.push(paidAt);
      moments.push([paidAt, "Loan Repaid", { loan_id, amount }]);
    } else due.push(dueAt + 10 * DAY_S);
  }

  const end = endDay * DAY_S;
  const calls = moments
    .filter(([second]) => second < end)
    .sort(([a], [b]) => a - b)
    .map(([second, event, properties], k): Call => {
      // the end is part of the id: another run with the same seed is another log
      const common = { messageId: `${seed}.${endDay}.${index + 1}.${k}`, userId: id, timestamp: isoTime(second) };
      return event
        ? { type: "track", ...common, event, properties }
        : { type: "identify", ...common, traits: properties };
    });
  truth.push({ target: "purchase", user: id, days: PURCHASE_DAYS, from: isoDay(joinDay), daily });
  return { person, calls, truth };
}

/** Clothes that do not fit, what was not paid for yet, and what was dear are sent back more. */
function sendsBack(order: { category: string; revenue: number; payment: string }, stability: number): number {
  return logistic(
    -3 -
      0.8 * stability +
      (order.category === "fashion" ? 1.6 : 0) +
      (order.payment === "invoice" ? 0.8 : 0) +
      0.4 * Math.log(order.revenue / 60),
  );
}

/** Four of five orders are paid the person's usual way. */
function usual(habit: number, dice: Dice): string {
  if (dice.chance(0.2)) return dice.weighted(PAYMENTS);
  return habit < 0.5 ? "card" : habit < 0.8 ? "wallet" : "invoice";
}
