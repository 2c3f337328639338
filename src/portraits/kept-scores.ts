import type { EntityRef } from "../events/event.ts";

/** What a model said of an entity when its whole population was scored. */
export interface KeptScore {
  /** 0 … 1 */
  readonly probability: number;
  /** 0 … 100; absent when the version keeps no spread. */
  readonly percentile?: number;
  readonly band: string;
  readonly version: string;
  /** The moment that the features were read at, ms. */
  readonly at: number;
}

/** The newest score of each model by entity, written back by scoring whole populations. Derived: it can be made again. */
export interface KeptScores {
  /** Puts what a model says in place of what it said before. @throws REDIS_AWAY, REDIS_FULL: some may be written */
  write(model: string, scores: readonly { readonly entity: EntityRef; readonly score: KeptScore }[]): Promise<void>;
  /** By model; empty when there are none. @throws REDIS_AWAY */
  read(entity: EntityRef): Promise<Readonly<Record<string, KeptScore>>>;
  /** Forgets them, for an erasure. Answers how many there were. */
  forget(entity: EntityRef): Promise<number>;
}
