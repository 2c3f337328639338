import { type EntityRef, type Event, entityKey } from "../../events/event.ts";
import type { EventLog, Lake, LakeExtent, LakeQuery, LoggedEvent } from "../../events/event-log.ts";
import { LoggedText, propertiesText } from "../../events/logged-text.ts";
import { groupByPartition } from "../../events/partition-of.ts";
import { comparePositions, type Position } from "../../events/position.ts";
import { SipHash } from "../../events/siphash.ts";
import { type ApplyRules, entitiesOf, OpenChunk } from "../../features/apply-chunk.ts";
import { secondEntities } from "../../features/entity-kinds.ts";
import type { Reducer } from "../../features/feature.ts";
import { createReducer } from "../../features/reducer.ts";
import { oneReducer, type Reducers } from "../../features/reducers.ts";
import type { StateStore } from "../../features/state-store.ts";
import { readStored } from "../../features/stored-value.ts";

export interface MemoryHouse {
  readonly log: EventLog;
  readonly states: StateStore;
  readonly lake: Lake;
}

export interface MemoryHouseOptions {
  /** Of every kind of entity; or, with second entities, `reducers`. */
  readonly reducer?: Reducer;
  readonly reducers?: Reducers;
  readonly partitions?: number;
  readonly knownIdsMs?: number;
}

/**
 * Log, states and lake in memory, for tests and for trying things: what is appended is applied at once.
 * It keeps the promises of the real stores (see test/contract/event-house.ts), and nothing after the process ends.
 */
export function createMemoryHouse(options: MemoryHouseOptions): MemoryHouse {
  const { partitions = 8, knownIdsMs = 7 * 86_400_000 } = options;
  const reducers = options.reducers ?? oneReducer(options.reducer ?? createReducer([]));
  const rules: ApplyRules = {
    reducers,
    horizonDays: Math.ceil(knownIdsMs / 86_400_000),
    hash: new SipHash(new Uint8Array(16)),
  };
  const values = new Map<string, { entity: EntityRef; bytes: Buffer }>();
  /** Buckets of known ids by entity key, day and number. */
  const sealed = new Map<string, Buffer>();
  const rows: LoggedEvent[] = [];
  const seen = new Set<string>();
  const ends = new Map<number, Position>();
  let ms = 0;

  const name = ({ entity, id }: LoggedEvent) => `${entityKey(entity)}\u0000${id}`;
  const bucketKey = (key: string, day: number, bucket: number) => `${key}\u0000${day}\u0000${bucket}`;

  function apply(partition: number, events: readonly Event[]): void {
    const logged = events.map((event, index) => {
      const { id, name, entity, at, known, properties } = event;
      return new LoggedText(partition, { ms, seq: 0, index }, id, name, entity, at, known, propertiesText(properties));
    });
    // nothing is forwarded: second entities of all partitions are at hand
    const here = logged.map((event) => secondEntities(reducers.kinds, event));
    const chunk = { events: logged, here, forwarded: [] };
    const stored = new Map<string, Uint8Array>();
    for (const entity of entitiesOf(chunk)) {
      const value = values.get(entityKey(entity));
      if (value) stored.set(entityKey(entity), value.bytes);
    }
    const open = new OpenChunk(chunk, stored, rules);
    for (const wanted of open.wantedBuckets()) {
      const key = entityKey(wanted.entity);
      open.load(
        wanted,
        wanted.buckets.map((bucket) => sealed.get(bucketKey(key, wanted.day, bucket)) ?? null),
      );
    }
    const held = new Set<LoggedEvent>(open.suspects().filter((event) => seen.has(name(event))));
    const applied = open.apply(held);
    for (const value of applied.values) {
      const key = entityKey(value.entity);
      values.set(key, value);
      for (const [day, buckets] of value.sealed?.write ?? [])
        for (const [bucket, bytes] of buckets) sealed.set(bucketKey(key, day, bucket), bytes);
    }
    logged.forEach((event, i) => {
      if (applied.duplicate[i]) return;
      rows.push(event);
      seen.add(name(event));
    });
    ends.set(partition, logged[logged.length - 1].position);
  }

  const log: EventLog = {
    async append(events) {
      ms++;
      const byPartition = groupByPartition(events, ({ entity }) => entity, partitions);
      for (const [partition, some] of byPartition) apply(partition, some);
    },
  };

  const states: StateStore = {
    async read(entities) {
      return entities.map((entity) => {
        const value = values.get(entityKey(entity));
        return value && readStored(value.bytes);
      });
    },
    async *scan(kind) {
      const page = [...values.values()].filter(({ entity }) => entity.kind === kind);
      if (page.length) yield page.map(({ entity, bytes }) => ({ entity, ...readStored(bytes) }));
    },
  };

  const lake: Lake = {
    async *readByEntity(query) {
      const kept = rows.filter(({ entity }) => entity.kind !== query.notOf);
      const found = touchedSince(allRows(kept, query), query)
        .filter((row) => wanted(row, query))
        .sort(byEntity);
      for (let i = 0; i < found.length; i += 2_048) yield found.slice(i, i + 2_048);
    },
    end: async () => new Map(ends),
    extent: async () => extentOf(rows),
    async summary() {
      const entities = new Set(rows.map(({ entity }) => entityKey(entity))).size;
      if (rows.length === 0) return { events: 0, entities };
      const lastAt = rows.reduce((most, { at }) => Math.max(most, at), Number.NEGATIVE_INFINITY);
      return { ...extentOf(rows), entities, lastAt };
    },
  };

  return { log, states, lake };
}

function extentOf(rows: readonly LoggedEvent[]): LakeExtent {
  const events = rows.length;
  if (events === 0) return { events };
  const firstAt = rows.reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY);
  const lastKnown = rows.reduce((most, { known }) => Math.max(most, known), Number.NEGATIVE_INFINITY);
  return { events, firstAt, lastKnown };
}

/** With `through`, each event also stands for the entity that the property names. */
function allRows(rows: readonly LoggedEvent[], { kind, through }: LakeQuery): readonly LoggedEvent[] {
  if (kind === undefined || through === undefined) return rows;
  const named = rows.flatMap((row) =>
    secondEntities([{ name: kind, from: through }], row).map((entity) => of(row, entity)),
  );
  return [...rows, ...named];
}

function touchedSince(rows: readonly LoggedEvent[], { touchedSince: since }: LakeQuery): readonly LoggedEvent[] {
  if (since === undefined) return rows;
  const late = new Set(rows.flatMap(({ entity, known }) => (known >= since ? [entityKey(entity)] : [])));
  return rows.filter(({ entity }) => late.has(entityKey(entity)));
}

const of = (event: LoggedEvent, entity: EntityRef): LoggedEvent => {
  const { partition, position, id, name, at, known, properties } = event;
  return { partition, position, id, name, entity, at, known, properties, touched: true };
};

const wanted = ({ entity, known }: LoggedEvent, { kind, entities, knownUntil }: LakeQuery): boolean =>
  (kind === undefined || entity.kind === kind) &&
  (entities === undefined || entities.some((one) => one.kind === entity.kind && one.id === entity.id)) &&
  (knownUntil === undefined || known <= knownUntil);

/** Texts by their UTF-8 bytes, as the lake sorts them. */
const byBytes = (a: string, b: string): number => (a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b)));

const byEntity = (a: LoggedEvent, b: LoggedEvent): number =>
  byBytes(a.entity.kind, b.entity.kind) ||
  byBytes(a.entity.id, b.entity.id) ||
  a.known - b.known ||
  comparePositions(a.position, b.position) ||
  a.partition - b.partition;
