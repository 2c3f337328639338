import { setTimeout as sleep } from "node:timers/promises";
import { progressBar } from "../progress.ts";
import type { Client, JobAnswer, PortraitView, ScoreView } from "./client.ts";
import { count, percent, type Story } from "./story.ts";

const BATCH = 500;

/** Who of these has the highest probability by `model`. */
async function highest(client: Client, users: readonly string[], model: string, event?: object): Promise<string> {
  let best = { user: users[0], probability: -1 };
  for (let at = 0; at < users.length; at += BATCH) {
    const some = users.slice(at, at + BATCH);
    const items = some.map((id) => ({ entity: "user", id, models: [model], event, receipt: "none" }));
    const { results } = await client.ask<{ results: (ScoreView | { error: unknown })[] }>("POST", "/v1/score/batch", {
      items,
    });
    results.forEach((result, i) => {
      if (!("scores" in result)) return;
      const { probability } = result.scores[model];
      if (probability > best.probability) best = { user: some[i], probability };
    });
  }
  return best.user;
}

const place = (percentile: number) =>
  percentile >= 50
    ? `in the top ${Math.max(1, Math.ceil(100 - percentile))} %`
    : `in the lowest ${Math.max(1, Math.ceil(percentile))} %`;

function tell(
  story: Story,
  opening: string,
  { scores, receipt }: Partial<ScoreView>,
  model: string,
  words: string,
): void {
  if (!scores) {
    story.say(`${opening}: not asked, ${model} was kept back`);
    return;
  }
  const { probability, percentile, band, version, reasons = [] } = scores[model];
  const standing = percentile === undefined ? "" : `, ${place(percentile)} of those it learned from`;
  story.say(`${opening}: ${percent(probability)} ${words} (${band}${standing})`);
  story.quote([...reasons.map(({ words }) => `· ${words}`), `receipt ${receipt}, ${model} ${version}`]);
}

/** Three people, three questions, each answered with reasons and a receipt. Answers the likeliest buyer. */
export async function scoreThree(
  client: Client,
  story: Story,
  users: readonly string[],
  answering: readonly string[],
): Promise<string> {
  const ask = async (model: string, body: object): Promise<Partial<ScoreView>> =>
    answering.includes(model)
      ? client.ask<ScoreView>("POST", "/v1/score", { entity: "user", models: [model], reasons: 3, ...body })
      : {};

  const buyer = await highest(client, users, "purchase");
  tell(
    story,
    `${buyer}, the likeliest buyer`,
    await ask("purchase", { id: buyer }),
    "purchase",
    "to buy within 30 days",
  );
  const order = {
    name: "Order Completed",
    properties: { order_id: "demo-1", revenue: 280, payment: "card", category: "electronics" },
  };
  const suspect = answering.includes("fraud") ? await highest(client, users, "fraud", order) : users[0];
  tell(
    story,
    `${suspect}, at the till with an order of 280`,
    await ask("fraud", { id: suspect, event: order }),
    "fraud",
    "to be charged back",
  );
  const loan = { name: "Loan Granted", properties: { loan_id: "demo-1", amount: 300, months: 2 } };
  const applicant = users[1];
  tell(
    story,
    `${applicant}, who asks for a loan of 300`,
    await ask("repayment", { id: applicant, event: loan }),
    "repayment",
    "to repay it",
  );
  return buyer;
}

const short = (value: string | number | boolean) => (typeof value === "number" ? Number(value.toFixed(1)) : value);

/** One person as a marketer sees them. */
export async function showPortrait(client: Client, story: Story, user: string): Promise<void> {
  const { values, tags, indexes, stage, segment } = await client.ask<PortraitView>("GET", `/v1/portraits/user/${user}`);
  const some = [
    "age",
    "city",
    "days_known",
    "orders_400d",
    "spent_400d",
    "days_since_order",
    "views_7d",
    "favourite_category",
  ];
  story.say(`${user}: ${[stage && `${stage.stage} (${stage.because})`, segment?.name].filter(Boolean).join(" · ")}`);
  story.quote([
    some.flatMap((name) => (values[name] === undefined ? [] : [`${name} ${short(values[name])}`])).join(" · "),
    `indexes: ${Object.entries(indexes)
      .map(([name, value]) => `${name} ${value}`)
      .join(" · ")}`,
    ...tags.map(({ name, because }) => `tag: ${name} – ${because}`),
  ]);
}

/**
 * Retrains a model over HTTP while somebody else keeps asking for scores, and shows what the asker sees of it:
 * another version from one answer to the next, and no answer missing.
 */
export async function retrainWhileServing(client: Client, story: Story, model: string, user: string): Promise<void> {
  const seen = new Map<string, number>();
  const slow: number[] = [];
  const failures: string[] = [];
  let over = false;
  const asking = (async () => {
    while (!over) {
      const started = performance.now();
      try {
        const body = { entity: "user", id: user, models: [model] };
        const { version } = (await client.ask<ScoreView>("POST", "/v1/score", body)).scores[model];
        seen.set(version, (seen.get(version) ?? 0) + 1);
      } catch (error) {
        const took = (performance.now() - started).toFixed(0);
        failures.push(`${error instanceof Error ? error.message : String(error)} (after ${took} ms)`);
      }
      slow.push(performance.now() - started);
      await sleep(20);
    }
  })();

  try {
    const { job } = await client.ask<{ job: string }>("POST", `/v1/models/${model}/retrain`, {});
    story.say(`POST /v1/models/${model}/retrain answered 202 with job ${job}`);
    const bar = progressBar(`Retraining ${model}`);
    let view: JobAnswer;
    for (;;) {
      view = await client.ask<JobAnswer>("GET", `/v1/jobs/${job}`);
      if (view.progress) bar.update(view.progress.done, view.progress.step);
      if (view.state !== "waiting" && view.state !== "running") break;
      await sleep(200);
    }
    bar.end(view.state);
    if (view.state !== "done" || !view.result)
      throw new Error(`the retraining ended ${view.state}: ${view.failure?.message ?? "no reason was given"}`);
    const { version, why } = view.result;
    for (let i = 0; i < 200 && !seen.has(version) && view.result.promoted; i++) await sleep(50);
    const [before] = seen.keys();
    story.say(`${before} answered before; ${seen.has(version) ? version : before} answers now (${why})`);
  } finally {
    over = true;
    await asking;
  }
  slow.sort((a, b) => a - b);
  const p99 = slow[Math.floor(0.99 * (slow.length - 1))];
  story.say(
    `meanwhile ${count(slow.length)} scores were asked for: ${failures.length} failed, ` +
      `${[...seen].map(([version, times]) => `${count(times)} by ${version}`).join(", ")}; 99 % within ${p99.toFixed(0)} ms`,
  );
  if (failures.length > 0)
    throw new Error(`${failures.length} scores failed while the model was retrained, the first: ${failures[0]}`);
}
