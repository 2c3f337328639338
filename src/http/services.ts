import type { AuditLog } from "../audit/audit-log.ts";
import type { Erasures } from "../erasure/erasures.ts";
import type { ExportNeeds } from "../erasure/export-person.ts";
import type { EventLog, Lake } from "../events/event-log.ts";
import type { EventCheck } from "../events/event-schema.ts";
import type { Quarantine } from "../events/quarantine.ts";
import type { Reducers } from "../features/reducers.ts";
import type { StateStore } from "../features/state-store.ts";
import type { Log } from "../log.ts";
import type { KeptScores } from "../portraits/kept-scores.ts";
import type { TagRule } from "../portraits/tag-rule.ts";
import type { RetrainQueue } from "../retraining/queue.ts";
import type { Recipe } from "../retraining/recipe.ts";
import type { AnsweredCalls } from "../scoring/answered-calls.ts";
import type { ArtifactStore } from "../scoring/artifact.ts";
import type { ChampionHolder } from "../scoring/champions.ts";
import type { ReceiptStore } from "../scoring/receipt.ts";
import type { Segmentation } from "../segments/segmentation.ts";
import type { KeyStore } from "./keys.ts";
import type { Limits } from "./limits.ts";
import type { Measures } from "./metrics.ts";
import type { Traces } from "./otlp-traces.ts";

/** Everything that `createApp` needs, opened by `compose.ts`. The app opens nothing and closes nothing. */
export interface Services {
  readonly log: Log;
  /** ms since 1970 UTC */
  readonly clock: () => number;
  /** Whether anybody may do anything without a key (`config.http.open`). */
  readonly open: boolean;
  readonly keys: KeyStore;
  /** What the stores say of themselves, for /metrics. @throws REDIS_AWAY */
  readonly measures?: () => Promise<Measures>;
  /** Where answered requests are told to; absent when nobody listens. */
  readonly traces?: Traces;
  /** Who asked for and changed what. */
  readonly audit: AuditLog;
  /** How often a key may ask; absent = as often as it likes. */
  readonly limits?: Limits;
  readonly reducers: Reducers;
  /** Built-in and declared ones. */
  readonly recipes: readonly Recipe[];
  readonly tagRules: readonly TagRule[];
  readonly eventLog: EventLog;
  /** Where events wait that broke their schema. */
  readonly quarantine: Quarantine;
  /** What is declared of events; absent = nothing. */
  readonly checkEvent?: EventCheck;
  readonly states: StateStore;
  readonly receipts: ReceiptStore;
  /** Only asked when somebody wants all that is known of him. */
  readonly lake: Pick<Lake, "readByEntity">;
  readonly pending: ExportNeeds["pending"];
  readonly erasures: Erasures;
  /** Which receipts answered calls that recorded their event. */
  readonly answered: AnsweredCalls;
  /** What scoring whole populations wrote back. */
  readonly keptScores: KeptScores;
  readonly artifacts: ArtifactStore;
  readonly champions: ChampionHolder;
  /** Stores the decision, swaps the champions of this process, and tells the others. @throws VERSION_UNKNOWN */
  readonly promote: (model: string, version: string, why: string) => Promise<void>;
  /** The segmentation in use, held in memory and swapped whole; undefined before the first. */
  readonly segmentation: () => Segmentation | undefined;
  readonly retraining: RetrainQueue;
  /** Whether Redis answers now. Asked for each /readyz; no round trip. */
  readonly redisReady: () => boolean;
  /** The seed for retrainings that name none (`config.seed`). */
  readonly seed: number;
}
