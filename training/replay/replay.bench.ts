import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bench, benchLine } from "../../models/bench-line.ts";
import { createRandom } from "../../models/random.ts";
import type { Property } from "../../src/events/event.ts";
import { LoggedText } from "../../src/events/logged-text.ts";
import { DEFAULT_FEATURES } from "../../src/features/catalogue.ts";
import { createReducers, type Reducers } from "../../src/features/reducers.ts";
import { Recipe } from "../../src/retraining/recipe.ts";
import { createLakeWriter } from "../../src/stores/lake/lake-writer.ts";
import { createParquetLake } from "../../src/stores/lake/parquet-lake.ts";
import { CUSTOMER, RECIPE, TERMINAL } from "../datasets/fraud-handbook.ts";
import { replayDataset } from "./replay-dataset.ts";

/**
 * From Parquet parts to typed columns, on one core: DuckDB's thread and ours are counted together, in CPU seconds.
 *
 * Three logs, made with a seed, in the order of their moments (the lake is not sorted by entity, so reading sorts):
 * a shop of 20 events a customer over a year, with a row at spine moments (about one per ten events) by the default
 * catalogue; the same customers with orders only, and a row before each; and payments of the shape of the fraud
 * handbook's, 350 a customer and 175 a terminal, with a row before each from both (`training/datasets/fraud-handbook.ts`).
 * `--rows` says how many events each has. The handbook's own log is timed by `npm run fraud-log`.
 */
const DAY = 86_400_000;
const FROM = Date.UTC(2025, 0, 1);
const PART = 50_000;

interface Shape {
  readonly name: string;
  readonly goal: number;
  /** Rows are counted where each event is one, else events. */
  readonly recipe: Recipe;
  readonly reducers: Reducers;
  readonly draw: (random: ReturnType<typeof createRandom>, events: number) => Drawn;
}
interface Drawn {
  readonly user: string;
  readonly name: string;
  readonly properties: Readonly<Record<string, Property>>;
}

const GOODS = ["toys", "books", "shoes", "hats", "food"];
const SHOP = ["Product Viewed", "Product Viewed", "Product Viewed", "Product Added", "Order Completed", "Logged In"];
const order = (random: ReturnType<typeof createRandom>) => ({
  revenue: Math.round(random.next() * 10_000) / 100,
  category: GOODS[random.below(GOODS.length)],
  order_id: `o${random.below(1e9)}`,
});
const common = createReducers(DEFAULT_FEATURES);
const becomes = {
  kind: "event-becomes",
  event: "Order Completed",
  outcome: "Chargeback Received",
  on: "order_id",
  days: 1,
};

const shapes: readonly Shape[] = [
  {
    name: "shop, a row per ten events",
    goal: 1_000_000,
    reducers: common,
    recipe: Recipe.parse({
      name: "purchase",
      about: "buys",
      positive: "will buy",
      target: { kind: "event-within", event: "Order Completed", days: 30, everyDays: 180, activeDays: 90 },
    }),
    draw: (random, events) => ({
      user: `user-${random.below(events / 20)}`,
      name: SHOP[random.below(SHOP.length)],
      properties: order(random),
    }),
  },
  {
    name: "orders, a row per event",
    goal: 500_000,
    reducers: common,
    recipe: Recipe.parse({
      name: "fraud",
      about: "is fraud",
      positive: "is fraud",
      target: becomes,
      fields: { revenue: "number" },
    }),
    draw: (random, events) => ({
      user: `user-${random.below(events / 20)}`,
      name: "Order Completed",
      properties: order(random),
    }),
  },
  {
    name: "payments, a row per event from customer and terminal",
    goal: 300_000,
    reducers: createReducers(CUSTOMER, [TERMINAL]),
    recipe: RECIPE,
    draw: (random, events) => ({
      user: String(random.below(events / 350)),
      name: "Transaction",
      properties: {
        transaction_id: String(random.below(1e9)),
        terminal_id: String(random.below(events / 175)),
        amount: Math.round(random.next() * 20_000) / 100,
      },
    }),
  },
];

export const bench: Bench = async ({ say, runs, options }) => {
  const events = Number(options.rows ?? 1_000_000);
  const lines = [];
  for (const shape of shapes) {
    const folder = mkdtempSync(join(tmpdir(), "portrait-replay-bench-"));
    try {
      await fill(join(folder, "lake"), shape, events);
      const rates: number[] = [];
      for (let run = 0; run < runs; run++) {
        const lake = createParquetLake(join(folder, "lake"), { threads: 1, memoryMb: 2_048 });
        const before = process.cpuUsage();
        const { about, data } = await replayDataset({ recipe: shape.recipe, reducers: shape.reducers, lake });
        const { user, system } = process.cpuUsage(before);
        await lake.close();
        rates.push(about.events / ((user + system) / 1e6));
        if (run === 0)
          say(
            `${shape.name}: ${about.events.toLocaleString("en")} events, ${about.rows.toLocaleString("en")} rows of ` +
              `${data.columns.length} columns`,
          );
      }
      lines.push(benchLine(`events/s of one core: ${shape.name}`, rates, "higher", shape.goal));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return lines;
};

/** A year of events in the order in which they happened, as parts of one partition. */
async function fill(dir: string, { draw }: Shape, events: number): Promise<void> {
  const random = createRandom(7);
  const writer = await createLakeWriter({ dir });
  const step = (360 * DAY) / events;
  let after = { ms: 0, seq: 0 };
  for (let from = 0; from < events; from += PART) {
    const count = Math.min(PART, events - from);
    const first = { ms: FROM + from, seq: 0 };
    const rows = Array.from({ length: count }, (_, i) => {
      const { user, name, properties } = draw(random, events);
      const at = Math.floor(FROM + (from + i) * step);
      const position = { ms: first.ms, seq: 0, index: i };
      return new LoggedText(
        0,
        position,
        `m${from + i}`,
        name,
        { kind: "user", id: user },
        at,
        at,
        JSON.stringify(properties),
      );
    });
    await writer.write({ partition: 0, after, first, last: { ...first, index: count - 1 }, rows });
    after = first;
  }
  writer.close();
}
