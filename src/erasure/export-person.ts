import { type EntityRef, type Event, sameEntity } from "../events/event.ts";
import type { Lake, LoggedEvent } from "../events/event-log.ts";
import type { Quarantine } from "../events/quarantine.ts";
import type { Reducers } from "../features/reducers.ts";
import type { StateStore } from "../features/state-store.ts";
import type { KeptScores } from "../portraits/kept-scores.ts";
import { paint } from "../portraits/portrait.ts";
import type { TagRule } from "../portraits/tag-rule.ts";
import type { ReceiptStore } from "../scoring/receipt.ts";
import { assign, type Segmentation, segmentationFits } from "../segments/segmentation.ts";
import { receiptIsAbout } from "./about-person.ts";
import { propertiesNaming } from "./redact-event.ts";

export interface ExportNeeds {
  readonly lake: Pick<Lake, "readByEntity">;
  /** Events of the entity that are not in the lake yet; some may be, some may come twice. */
  readonly pending: (entity: EntityRef) => Promise<readonly LoggedEvent[]>;
  readonly states: Pick<StateStore, "read">;
  readonly reducers: Reducers;
  readonly tagRules: readonly TagRule[];
  readonly segmentation: () => Segmentation | undefined;
  readonly receipts: Pick<ReceiptStore, "scan">;
  readonly quarantine: Quarantine;
  /** By model, what scoring whole populations wrote back. */
  readonly keptScores: Pick<KeptScores, "read">;
  /** ms since 1970 UTC */
  readonly clock: () => number;
}

/** One thing that is known of somebody, and where. A plain value: it goes through JSON unchanged. */
export type Known = { readonly place: "events" | "portrait" | "scores" | "receipts" | "quarantine" } & Readonly<
  Record<string, unknown>
>;

/**
 * All that is known of one entity: its events (traits, outcomes and what was said of it by hand are events too), of the
 * lake and of what is on its way there; its portrait with the values of all features, tags, indexes, stage and segment;
 * the scores kept of it and its receipts; what waits of it in quarantine. For an entity that others name (a terminal) its events are theirs.
 *
 * Cost: one look-up in the lake, one reading of all receipts.
 *
 * @throws PortraitError LAKE_BROKEN, REDIS_AWAY, STATE_FROM_OTHER_CATALOGUE
 */
export async function* exportPerson(entity: EntityRef, needs: ExportNeeds): AsyncGenerator<Known> {
  const { lake, reducers, receipts, quarantine } = needs;
  const { kind } = entity;
  const through = reducers.kinds.find(({ name }) => name === kind)?.from;
  const pending = await needs.pending(entity); // before the lake: what moves there meanwhile is found in both
  const seen = new Set<string>();
  for await (const batch of lake.readByEntity({ kind, entities: [entity], ...(through !== undefined && { through }) }))
    for (const event of batch) {
      if (event.touched !== true) seen.add(event.id);
      yield { place: "events", ...faceOf(event) };
    }
  for (const event of pending) {
    if (seen.has(event.id)) continue;
    seen.add(event.id);
    yield { place: "events", ...faceOf(event) };
  }
  const portrait = await portraitOf(entity, needs);
  if (portrait) yield { place: "portrait", ...portrait };
  for (const [model, score] of Object.entries(await needs.keptScores.read(entity)))
    yield { place: "scores", model, ...score, at: iso(score.at) };
  let unreadable = 0;
  for await (const page of receipts.scan(() => unreadable++))
    for (const receipt of page) {
      if (!receiptIsAbout(receipt, entity, reducers.kinds)) continue;
      const { at, scores, ...rest } = receipt;
      // JSON knows no NaN: a missing number is null in the row, which keeps its places
      const rows = scores.map(({ row, ...score }) => ({
        ...score,
        row: Array.from(row, (x) => (Number.isNaN(x) ? null : x)),
      }));
      yield { place: "receipts", at: iso(at), ...rest, scores: rows };
    }
  if (unreadable > 0) yield { place: "receipts", unreadable }; // whose they are cannot be said
  for (let after: string | undefined; ; ) {
    const page = await quarantine.list({ limit: PAGE, ...(after !== undefined && { after }) });
    for (const { at, reason, event } of page)
      if (sameEntity(event.entity, entity) || propertiesNaming(entity, event, reducers.kinds).length > 0)
        yield { place: "quarantine", since: iso(at), reason, ...faceOf(event) };
    if (page.length < PAGE) return;
    after = page[page.length - 1].id;
  }
}

const PAGE = 500;
const iso = (ms: number) => new Date(ms).toISOString();

const faceOf = ({ id, name, at, known, properties }: Event) => ({
  id,
  name,
  at: iso(at),
  known: iso(known),
  properties: { ...properties },
});

async function portraitOf(entity: EntityRef, needs: ExportNeeds) {
  const [stored] = await needs.states.read([entity]);
  if (!stored) return undefined;
  const now = needs.clock();
  const reducer = needs.reducers.of(entity.kind);
  const row = reducer.read(reducer.decode(stored.bytes), now);
  const current = needs.segmentation();
  const fits = current && current.entity === entity.kind && segmentationFits(current, reducer);
  const segment = fits ? assign(current, row) : undefined;
  const { reach } = stored;
  return paint({ entity, reducer, row, reach, now, tagRules: needs.tagRules, ...(segment && { segment }) });
}
