import type { EntityRef, Event } from "./event.ts";
import type { EventLog } from "./event-log.ts";
import type { EventCheck } from "./event-schema.ts";
import type { UnfitEvent } from "./segment-call.ts";

/** An event that broke its schema, as it waits to be replayed. */
export interface Quarantined extends UnfitEvent {
  /** In the order in which they were set aside. */
  readonly id: string;
  /** When it was set aside, ms. */
  readonly at: number;
}

export interface QuarantineQuery {
  /** Only what was set aside after this one. */
  readonly after?: string;
  /** Only events of this name. */
  readonly name?: string;
  readonly limit: number;
}

/** Where events wait that broke their schema: bounded in number and age, the oldest make room. */
export interface Quarantine {
  /** Success means durable. The same event may be put again (its sender tried again): it waits twice, and replays once. */
  put(unfit: readonly UnfitEvent[]): Promise<void>;
  /** Oldest first. */
  list(query: QuarantineQuery): Promise<readonly Quarantined[]>;
  load(id: string): Promise<Quarantined | undefined>;
  /** How many were there to be removed. */
  remove(ids: readonly string[]): Promise<number>;
  /** Removes every event of this entity, for an erasure, and says how many there were. */
  forget(entity: EntityRef): Promise<number>;
}

export interface Replayed {
  /** Events that are in the log now. */
  readonly replayed: number;
  /** Events that break their schema still, and go on waiting. */
  readonly kept: number;
  /** Those that were asked for by id and are not there. */
  readonly unknown: readonly string[];
}

const PAGE = 500;

/**
 * Sends what waits through the door again, by the schemas of today: the same id and the same time of happening, but
 * known only now, because nothing that was scored or trained meanwhile knew it.
 *
 * An event leaves the quarantine after it is in the log: who is interrupted replays it once more, and its id makes that
 * count once.
 *
 * @param ids only these; absent = all
 * @throws what the log and the quarantine throw
 */
export async function replayQuarantine(needs: {
  readonly quarantine: Quarantine;
  readonly log: EventLog;
  readonly check: EventCheck | undefined;
  readonly now: number;
  readonly ids?: readonly string[];
}): Promise<Replayed> {
  const { quarantine, log, check, now, ids } = needs;
  const unknown: string[] = [];
  let replayed = 0;
  let kept = 0;
  for await (const page of ids ? pagesOf(quarantine, ids, unknown) : pages(quarantine)) {
    const fit = page.filter(({ event }) => check?.(event.name, event.properties) === undefined);
    if (fit.length > 0) {
      await log.append(fit.map(({ event }): Event => ({ ...event, known: Math.max(now, event.at) })));
      await quarantine.remove(fit.map(({ id }) => id));
    }
    replayed += fit.length;
    kept += page.length - fit.length;
  }
  return { replayed, kept, unknown };
}

async function* pages(quarantine: Quarantine): AsyncGenerator<readonly Quarantined[]> {
  let after: string | undefined;
  for (;;) {
    const page = await quarantine.list({ limit: PAGE, ...(after !== undefined && { after }) });
    if (page.length === 0) return;
    yield page;
    after = page[page.length - 1].id;
  }
}

async function* pagesOf(
  quarantine: Quarantine,
  ids: readonly string[],
  unknown: string[],
): AsyncGenerator<readonly Quarantined[]> {
  for (let from = 0; from < ids.length; from += PAGE) {
    const page: Quarantined[] = [];
    for (const id of ids.slice(from, from + PAGE)) {
      const found = await quarantine.load(id);
      if (found) page.push(found);
      else unknown.push(id);
    }
    yield page;
  }
}
