import { createHash } from "node:crypto";
import type { Column, Model } from "../../models/model.ts";
import { marginsByRow } from "../../models/model.ts";
import { PortraitError } from "../../src/errors.ts";
import type { Event } from "../../src/events/event.ts";
import type { Reducer, State } from "../../src/features/feature.ts";
import type { Artifact, Manifest } from "../../src/scoring/artifact.ts";
import { createScorer, type Scorer } from "../../src/scoring/scorer.ts";

/** 2026-03-01T12:00:00Z */
export const NOON = 1_772_366_400_000;
const DAY = 86_400_000;

interface TinyState extends State {
  readonly catalogue: string;
  events: { name: string; at: number; revenue: number; category: string }[];
}

/**
 * A reducer one can check by hand: `orders_30d` counts Order Completed, `spent_30d` adds their revenue (NaN without
 * any), `last_category` is the category of the newest event. Its state is JSON, sorted, so that order is irrelevant.
 */
export function tinyReducer(days = 30): Reducer {
  const digest = createHash("sha256").update(`tiny ${days}`).digest("hex");
  const within = (state: TinyState, now: number) =>
    state.events.filter(({ name, at }) => name === "Order Completed" && at > now - days * DAY && at <= now);
  return {
    digest,
    features: [
      { name: "orders_30d", type: "number", unit: "orders", window: "30 days", about: "orders in the last 30 days" },
      { name: "last_category", type: "category", unit: "category", window: "all time", about: "last category" },
      { name: "spent_30d", type: "number", unit: "currency", window: "30 days", about: "spent in the last 30 days" },
    ],
    empty: (): TinyState => ({ catalogue: digest, events: [] }),
    write(state, { name, at, properties }) {
      const revenue = typeof properties.revenue === "number" ? properties.revenue : 0;
      const category = typeof properties.category === "string" ? properties.category : "";
      const { events } = state as TinyState;
      events.push({ name, at, revenue, category });
      events.sort((a, b) => a.at - b.at || JSON.stringify(a).localeCompare(JSON.stringify(b)));
    },
    read(state, now) {
      const orders = within(state as TinyState, now);
      const seen = (state as TinyState).events.filter(({ at, category }) => at <= now && category !== "");
      return {
        numbers: Float64Array.of(
          orders.length,
          orders.length ? orders.reduce((sum, { revenue }) => sum + revenue, 0) : Number.NaN,
        ),
        texts: [seen.at(-1)?.category],
      };
    },
    encode: (state) => Buffer.from(JSON.stringify(state)),
    decode(bytes) {
      const state = JSON.parse(Buffer.from(bytes).toString()) as TinyState;
      if (state.catalogue !== digest) {
        throw new PortraitError("STATE_FROM_OTHER_CATALOGUE", "Run `portrait replay`.");
      }
      return state;
    },
  };
}

/** An event of user u1 at NOON that says nothing, but for what is given. */
export const tinyEvent = (given: Partial<Event> = {}): Event => ({
  id: "e1",
  name: "Order Completed",
  entity: { kind: "user", id: "u1" },
  at: NOON,
  known: NOON,
  properties: {},
  ...given,
});

/** margin = base + Σ weight · value; what is missing adds nothing. A category's value is its index. */
export function linearModel(columns: readonly Column[], weights: readonly number[], base = 0): Model {
  const part = (row: Float64Array, j: number) => (Number.isNaN(row[j]) ? 0 : weights[j] * row[j]);
  const margin = (row: Float64Array) => columns.reduce((sum, _, j) => sum + part(row, j), base);
  return {
    kind: "linear",
    columns,
    margin,
    margins: (values, rows) => marginsByRow({ margin }, values, rows),
    contributions(row, out) {
      for (let j = 0; j < columns.length; j++) out[j] = part(row, j);
      return base;
    },
    save: () => ({ kind: "linear", meta: { weights, base } }),
  };
}

export const PURCHASE_COLUMNS: readonly Column[] = [
  { name: "orders_30d", type: "number", unit: "orders", about: "orders in the last 30 days" },
  { name: "last_category", type: "category", categories: ["books", "shoes"], about: "last category" },
  { name: "spent_30d", type: "number", unit: "currency", about: "spent in the last 30 days" },
];

export interface TinyModel {
  readonly name?: string;
  readonly version?: string;
  readonly columns?: readonly Column[];
  readonly weights?: readonly number[];
  readonly base?: number;
  /** Digest of the catalogue; absent = made from a table. */
  readonly catalogue?: string;
  readonly entity?: string;
  readonly manifest?: Partial<Manifest>;
}

/** An artefact whose model is linear with weights one can see. By default margin = orders_30d − 1. */
export function tinyArtifact(given: TinyModel = {}): { readonly artifact: Artifact; readonly model: Model } {
  const { name = "purchase", version = "v1", columns = PURCHASE_COLUMNS, weights = [1, 0, 0], base = -1 } = given;
  const manifest: Manifest = {
    format: 1,
    model: name,
    version,
    kind: "linear",
    createdAt: new Date(NOON).toISOString(),
    seed: 7,
    code: { portrait: "0.1.0" },
    source:
      given.catalogue === undefined
        ? { type: "table", file: "people.csv", sha256: "0".repeat(64), label: "y", positive: "yes" }
        : {
            type: "recipe",
            recipe: name,
            digest: "0".repeat(64),
            entity: given.entity ?? "user",
            catalogue: given.catalogue,
            log: { from: 0, until: NOON, events: 3 },
          },
    columns: [...columns],
    parts: { by: "chance", fit: 60, choose: 20, test: 20 },
    calibration: { kind: "identity" },
    spread: Array.from({ length: 1001 }, (_, i) => i / 1000),
    usual: columns.map((column) =>
      column.type === "category"
        ? { top: column.categories.map((value) => ({ value, share: 1 / column.categories.length })), missing: 0.1 }
        : { low: 0, middle: 1, high: 2, missing: 0.1 },
    ),
    bands: [
      { name: "low", from: 0 },
      { name: "high", from: 0.5 },
    ],
    metrics: {},
    meta: { weights: [...weights], base },
    files: {},
    ...given.manifest,
  };
  const digest = createHash("sha256").update(JSON.stringify(manifest)).digest("hex");
  return { artifact: { manifest, digest, files: new Map() }, model: linearModel(columns, weights, base) };
}

export function tinyScorer(given: TinyModel = {}): Scorer {
  const { artifact, model } = tinyArtifact(given);
  return createScorer(artifact, model);
}

/** Opens an artefact that `tinyArtifact` made. */
export function openTiny(artifact: Artifact): Scorer {
  const { weights, base } = artifact.manifest.meta as { weights: number[]; base: number };
  return createScorer(artifact, linearModel(artifact.manifest.columns, weights, base));
}
