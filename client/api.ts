// Made from the OpenAPI document by `npm run client`: change the routes, not this file.

/** Why a call was refused: see the table in docs/api.md. */
export type ErrorCode =
  | "INPUT_INVALID"
  | "BODY_NOT_JSON"
  | "BODY_TOO_LARGE"
  | "MEDIA_TYPE_UNSUPPORTED"
  | "REQUEST_BROKEN"
  | "REQUEST_TIMEOUT"
  | "HEADERS_TOO_LARGE"
  | "ROUTE_UNKNOWN"
  | "METHOD_NOT_ALLOWED"
  | "KEY_MISSING"
  | "KEY_WRONG"
  | "SCOPE_MISSING"
  | "RATE_LIMITED"
  | "AUDIT_UNWRITABLE"
  | "ENTITY_UNKNOWN"
  | "MODEL_UNKNOWN"
  | "VERSION_UNKNOWN"
  | "RECIPE_UNKNOWN"
  | "RECEIPT_UNKNOWN"
  | "ERASED"
  | "ERASURE_UNKNOWN"
  | "QUARANTINE_UNKNOWN"
  | "JOB_UNKNOWN"
  | "SEGMENTS_NOT_READY"
  | "MODEL_NOT_READY"
  | "MODEL_INPUT_MISMATCH"
  | "JOB_CANCELLED"
  | "REDIS_AWAY"
  | "WORKER_AWAY"
  | "REDIS_FULL"
  | "TOO_LATE"
  | "TOO_BUSY"
  | "STATE_FROM_OTHER_CATALOGUE"
  | "LOG_BROKEN"
  | "LAKE_BROKEN"
  | "FILE_UNREADABLE"
  | "MAPPING_INVALID"
  | "COLUMN_UNKNOWN"
  | "LABEL_INVALID"
  | "TABLE_EMPTY"
  | "ROW_BROKEN"
  | "DATASET_TOO_SMALL"
  | "TRAINING_CANCELLED"
  | "ARTIFACT_BROKEN"
  | "ARTIFACT_FORMAT"
  | "RECEIPT_BROKEN"
  | "RECIPE_INVALID"
  | "CONFIG_INVALID"
  | "VAR_IN_USE"
  | "PORT_IN_USE"
  | "DEPENDENCY_MISSING"
  | "INTERNAL";

/** What each call takes and answers, by its name. */
export interface Calls {
  /** Cancel a job; one that has ended stays as it is. Wants a key with the scope `train` (or `admin`). */
  deleteV1JobsId: {
    path: {
      id: string;
    };
    answer: {
      id: string;
      /** Absent = retrain */
      task?: "retrain" | "score-all";
      model: string;
      reason: string;
      state: "waiting" | "running" | "done" | "failed" | "cancelled";
      askedAt: string;
      startedAt?: string;
      endedAt?: string;
      attempts: number;
      progress?: {
        done: number;
        step: string;
      };
      /** When it is done */
      result?: {
        model: string;
        version: string;
        promoted: boolean;
        why: string;
        /** Of score-all: how many were scored */
        scored?: number;
        /** Of score-all: how many the model could not calculate with */
        failed?: number;
        /** Of score-all: the Parquet file, below the var folder */
        file?: string;
      };
      /** When it failed */
      failure?: {
        code: string;
        message: string;
      };
    };
  };
  /** Whether the process lives. */
  getLivez: {
    answer: {
      alive: true;
    };
  };
  /** Measures for Prometheus. */
  getMetrics: {
    answer: string;
  };
  /** This API, as OpenAPI 3.1. */
  getOpenapiJson: {
    answer: Record<string, unknown>;
  };
  /** Whether it can work, and what is missing. */
  getReadyz: {
    answer: {
      ready: boolean;
      missing: ("redis" | "models" | "segments")[];
      /** What does not work meanwhile */
      without: string[];
      /** Which version of each model answers */
      champions: Record<string, string>;
    };
  };
  /** Who asked for and changed what, the newest first. Wants a key with the scope `admin` (or `admin`). */
  getV1Audit: {
    query?: {
      limit?: number;
      /** Only what this key asked for: its 8 characters */
      who?: string;
      /** With id: only what is about this one */
      kind?: string;
      /** The entity's id, as its events carry it */
      id?: string;
    };
    answer: {
      entries: {
        n: number;
        at: string;
        step: "opened" | "asked" | "done" | "failed";
        who: string;
        what: string;
        request?: string;
        about?: Record<string, string>;
        subject?: string;
        code?: string;
        heads?: Record<string, {
          n: number;
          digest: string;
        }>;
        before: string;
        digest: string;
      }[];
    };
  };
  /** All that is known of one entity, a line of JSON each. Wants a key with the scope `privacy` (or `admin`). */
  getV1EntitiesKindIdExport: {
    path: {
      /** The kind of entity */
      kind: string;
      /** The entity's id, as its events carry it */
      id: string;
    };
    answer: string;
  };
  /** How far an erasure is, and its certificate. Wants a key with the scope `privacy` (or `admin`). */
  getV1ErasuresId: {
    path: {
      id: string;
    };
    answer: {
      id: string;
      state: "waiting" | "done" | "failed";
      askedAt: string;
      /** Why it failed */
      code?: string;
      /** When it is done */
      certificate?: {
        format: 1;
        id: string;
        at: string;
        kind: string;
        subject: string;
        by: string;
        gone: {
          /** States in Redis */
          states: number;
          /** Events that went from the lake whole */
          rows: number;
          /** Events that stay for others whom they touched, and happened to nobody now */
          nobodys: number;
          /** Events of others that named the entity, and do so no more */
          redacted: number;
          /** Parts of the lake that were written again */
          parts: number;
          /** Scores kept of the entity from whole populations */
          scores: number;
          receipts: number;
          quarantined: number;
          /** Tables under var, made from the log, that were written again */
          tables: number;
          tableRows: number;
        };
        until: string;
        resumed: boolean;
        remains: {
          place: string;
          why: string;
        }[];
        digest: string;
      };
    };
  };
  /** How far a job has come. Wants a key with the scope `read` (or `admin`). */
  getV1JobsId: {
    path: {
      id: string;
    };
    answer: {
      id: string;
      /** Absent = retrain */
      task?: "retrain" | "score-all";
      model: string;
      reason: string;
      state: "waiting" | "running" | "done" | "failed" | "cancelled";
      askedAt: string;
      startedAt?: string;
      endedAt?: string;
      attempts: number;
      progress?: {
        done: number;
        step: string;
      };
      /** When it is done */
      result?: {
        model: string;
        version: string;
        promoted: boolean;
        why: string;
        /** Of score-all: how many were scored */
        scored?: number;
        /** Of score-all: how many the model could not calculate with */
        failed?: number;
        /** Of score-all: the Parquet file, below the var folder */
        file?: string;
      };
      /** When it failed */
      failure?: {
        code: string;
        message: string;
      };
    };
  };
  /** A job as it goes on, as server-sent events. Wants a key with the scope `read` (or `admin`). */
  getV1JobsIdStream: {
    path: {
      id: string;
    };
    answer: AsyncIterable<{ event: string; data: unknown }>;
  };
  /** The models, and which version of each answers. Wants a key with the scope `read` (or `admin`). */
  getV1Models: {
    answer: {
      models: {
        name: string;
        about?: string;
        entity?: string;
        /** The event in flight that it judges */
        event?: string;
        champion?: {
          version: string;
          kind: string;
          createdAt: string;
          /** On the test rows: this version, the constant, and what else stood beside it */
          metrics: Record<string, Record<string, number | null>>;
        };
      }[];
    };
  };
  /** One model: its champion, its columns, its history. Wants a key with the scope `read` (or `admin`). */
  getV1ModelsName: {
    path: {
      name: string;
    };
    answer: {
      name: string;
      about?: string;
      entity?: string;
      /** The event in flight that it judges */
      event?: string;
      champion?: {
        version: string;
        kind: string;
        createdAt: string;
        /** On the test rows: this version, the constant, and what else stood beside it */
        metrics: Record<string, Record<string, number | null>>;
      };
      /** What inline features may hold */
      columns?: Record<string, unknown>[];
      bands?: {
        name: string;
        from: number;
      }[];
      history: {
        version: string;
        why: string;
        at: string;
      }[];
    };
  };
  /** The newest 50 versions of a model. Wants a key with the scope `read` (or `admin`). */
  getV1ModelsNameVersions: {
    path: {
      name: string;
    };
    answer: {
      versions: {
        version: string;
        kind: string;
        createdAt: string;
        champion: boolean;
        /** On the test rows: this version, the constant, and what else stood beside it */
        metrics: Record<string, Record<string, number | null>>;
      }[];
      damaged: {
        version: string;
        code: string;
      }[];
    };
  };
  /** All that is said of one entity: values, tags with evidence, indexes, stage, segment, scores. Wants a key with the scope `read` (or `admin`). */
  getV1PortraitsKindId: {
    path: {
      /** The kind of entity */
      kind: string;
      /** The entity's id, as its events carry it */
      id: string;
    };
    query?: {
      /** 1 = with the scores of the champions that fit */
      scores?: "0" | "1";
      reasons?: number;
    };
    answer: {
      entity: {
        kind: string;
        id: string;
      };
      at: string;
      position?: string;
      catalogue: string;
      /** Features by name; missing ones are absent */
      values: Record<string, string | number | boolean>;
      tags: {
        name: string;
        by: string;
        weight: number;
        because: string;
        evidence: {
          feature: string;
          value?: string | number | boolean;
          unit: string;
          words: string;
        }[];
        expiresAt: string;
      }[];
      /** 0–100 readings; those without data are absent */
      indexes: Record<string, unknown>;
      stage?: Record<string, unknown>;
      segment?: {
        segment: number;
        name: string;
        distance: number;
      };
      /** As of now with scores=1; else as the whole population was last scored, each with its moment */
      scores?: Record<string, {
        probability: number;
        percentile?: number;
        band: string;
        version: string;
        /** Features in which this row is unlike anything that the version was trained on */
        unusual?: string[];
        /** With reasons: base + all contributions = log-odds */
        base?: number;
        reasons?: {
          feature: string;
          value?: string | number | boolean;
          unit?: string;
          usual?: string;
          /** Exact share of the log-odds */
          contribution: number;
          words: string;
        }[];
        at?: string;
      }>;
    };
  };
  /** Events that broke their schema, oldest first: which, when and why, not about whom. Wants a key with the scope `read` (or `admin`). */
  getV1Quarantine: {
    query?: {
      limit?: number;
      /** The place in the quarantine */
      after?: string;
      /** Only events of this name */
      name?: string;
    };
    answer: {
      items: {
        /** The place in the quarantine */
        id: string;
        at: string;
        name: string;
        reason: string;
      }[];
      /** The place in the quarantine */
      next?: string;
    };
  };
  /** One of them, whole. Wants a key with the scope `read` (or `admin`). */
  getV1QuarantineId: {
    path: {
      /** The place in the quarantine */
      id: string;
    };
    answer: {
      /** The place in the quarantine */
      id: string;
      at: string;
      name: string;
      reason: string;
      event: {
        id: string;
        entity: {
          kind: string;
          id: string;
        };
        at: string;
        known: string;
        properties: Record<string, string | number | boolean>;
      };
    };
  };
  /** What a score was made from. Wants a key with the scope `score` (or `admin`). */
  getV1ReceiptsId: {
    path: {
      id: string;
    };
    answer: {
      id: string;
      at: string;
      entity?: {
        kind: string;
        id: string;
      };
      /** Of each partition of the log, the last event that the state held */
      reach?: {
        partition: number;
        position: {
          ms: number;
          seq: number;
          index: number;
        };
      }[];
      others?: {
        entity: {
          kind: string;
          id: string;
        };
        /** Of each partition of the log, the last event that the state held */
        reach?: {
          partition: number;
          position: {
            ms: number;
            seq: number;
            index: number;
          };
        }[];
      }[];
      fields?: Record<string, string | number | boolean>;
      scores: {
        model: string;
        version: string;
        digest: string;
        /** In the order of the version's columns; null = missing */
        row: (number | null)[];
        margin: number;
        probability: number;
      }[];
    };
  };
  /** Why a score was what it was, and what would have changed it. Wants a key with the scope `score` (or `admin`). */
  getV1ReceiptsIdWhy: {
    path: {
      id: string;
    };
    query?: {
      /** Only this model's score */
      model?: string;
      /** The probability to cross; the recipe's when absent, else where the highest band begins */
      threshold?: number;
      reasons?: number;
    };
    answer: {
      receipt: string;
      at: string;
      scores: {
        model: string;
        version: string;
        probability: number;
        percentile?: number;
        band: string;
        base: number;
        reasons: {
          feature: string;
          contribution: number;
          words: string;
        }[];
        threshold: number;
        /** The cheapest change of actionable features over the threshold; absent when none is enough */
        change?: {
          steps: {
            feature: string;
            from?: string | number | boolean;
            to: string | number | boolean;
            words: string;
          }[];
          probability: number;
        };
        words: string[];
      }[];
    };
  };
  /** The segments in use: who they are, how many, and what sets them apart. Wants a key with the scope `read` (or `admin`). */
  getV1Segments: {
    answer: {
      version: string;
      createdAt: string;
      entity: string;
      entities: number;
      /** Made from another feature catalogue: nobody is assigned until made anew */
      stale: boolean;
      segments: {
        segment: number;
        name: string;
        share: number;
        entities: number;
        contrasts: {
          feature: string;
          /** In standard deviations from the average of all */
          difference: number;
          mean: number | null;
          overall: number | null;
          words: string;
        }[];
        stages: Record<string, number>;
      }[];
    };
  };
  /** Another id of the same user. Wants a key with the scope `track` (or `admin`). */
  postV1Alias: {
    body: {
      userId?: string;
      anonymousId?: string;
      /** The same one counts once; absent = minted, and counted each time */
      messageId?: string;
      timestamp?: string;
      event?: string;
      properties?: Record<string, unknown>;
      traits?: Record<string, unknown>;
    };
    answer: {
      success: true;
      accepted: number;
      rejected: {
        index: number;
        code: string;
        reason: string;
      }[];
    };
  };
  /** Many calls at once, each with its type; bad ones are answered by their place, good ones are taken. Wants a key with the scope `track` (or `admin`). */
  postV1Batch: {
    body: {
      batch: Record<string, never>[];
      sentAt?: string;
    };
    answer: {
      success: true;
      accepted: number;
      rejected: {
        index: number;
        code: string;
        reason: string;
      }[];
    };
  };
  /** Ask for an entity to be erased everywhere; the worker does it. Wants a key with the scope `privacy` (or `admin`). */
  postV1EntitiesKindIdErase: {
    path: {
      /** The kind of entity */
      kind: string;
      /** The entity's id, as its events carry it */
      id: string;
    };
    answer: {
      id: string;
      state: "waiting" | "done" | "failed";
      askedAt: string;
      /** Why it failed */
      code?: string;
      /** When it is done */
      certificate?: {
        format: 1;
        id: string;
        at: string;
        kind: string;
        subject: string;
        by: string;
        gone: {
          /** States in Redis */
          states: number;
          /** Events that went from the lake whole */
          rows: number;
          /** Events that stay for others whom they touched, and happened to nobody now */
          nobodys: number;
          /** Events of others that named the entity, and do so no more */
          redacted: number;
          /** Parts of the lake that were written again */
          parts: number;
          /** Scores kept of the entity from whole populations */
          scores: number;
          receipts: number;
          quarantined: number;
          /** Tables under var, made from the log, that were written again */
          tables: number;
          tableRows: number;
        };
        until: string;
        resumed: boolean;
        remains: {
          place: string;
          why: string;
        }[];
        digest: string;
      };
    };
  };
  /** The company that a user belongs to, and its traits. Wants a key with the scope `track` (or `admin`). */
  postV1Group: {
    body: {
      userId?: string;
      anonymousId?: string;
      /** The same one counts once; absent = minted, and counted each time */
      messageId?: string;
      timestamp?: string;
      event?: string;
      properties?: Record<string, unknown>;
      traits?: Record<string, unknown>;
    };
    answer: {
      success: true;
      accepted: number;
      rejected: {
        index: number;
        code: string;
        reason: string;
      }[];
    };
  };
  /** Who a user is: traits. Wants a key with the scope `track` (or `admin`). */
  postV1Identify: {
    body: {
      userId?: string;
      anonymousId?: string;
      /** The same one counts once; absent = minted, and counted each time */
      messageId?: string;
      timestamp?: string;
      event?: string;
      properties?: Record<string, unknown>;
      traits?: Record<string, unknown>;
    };
    answer: {
      success: true;
      accepted: number;
      rejected: {
        index: number;
        code: string;
        reason: string;
      }[];
    };
  };
  /** Make a stored version the one that answers. Wants a key with the scope `admin` (or `admin`). */
  postV1ModelsNamePromote: {
    path: {
      name: string;
    };
    body: {
      version: string;
      why: string;
    };
    answer: {
      model: string;
      version: string;
      before?: string;
    };
  };
  /** Ask for a new version; what is under way is not begun twice. Wants a key with the scope `train` (or `admin`). */
  postV1ModelsNameRetrain: {
    path: {
      name: string;
    };
    body?: {
      /** Nothing known later is learned from */
      until?: string;
      reason?: "schedule" | "feedback" | "drift" | "manual";
      seed?: number;
    };
    answer: {
      job: string;
      alreadyRunning: boolean;
      at: string;
    };
  };
  /** Let the version answer again that answered before. Wants a key with the scope `admin` (or `admin`). */
  postV1ModelsNameRollback: {
    path: {
      name: string;
    };
    body?: {
      why?: string;
    };
    answer: {
      model: string;
      version: string;
      before?: string;
    };
  };
  /** Score everybody that a model judges, into Parquet and back to the portraits; a job. Wants a key with the scope `train` (or `admin`). */
  postV1ModelsNameScoreAll: {
    path: {
      name: string;
    };
    answer: {
      job: string;
      alreadyRunning: boolean;
      at: string;
    };
  };
  /** Say what really happened, about a receipt or an entity. Wants a key with the scope `track` (or `admin`). */
  postV1Outcomes: {
    body: {
      receipt?: string;
      entity?: {
        /** The kind of entity */
        kind: string;
        /** The entity's id, as its events carry it */
        id: string;
      };
      name?: string;
      /** When it happened; absent = now */
      at?: string;
      /** A message id: the same one counts once */
      id?: string;
      /** Properties as in a track call; nested ones become dotted names */
      properties?: Record<string, unknown>;
    };
    answer: {
      event: {
        id: string;
        name: string;
        entity: {
          kind: string;
          id: string;
        };
        at: string;
      };
    };
  };
  /** A page that a user looked at. Wants a key with the scope `track` (or `admin`). */
  postV1Page: {
    body: {
      userId?: string;
      anonymousId?: string;
      /** The same one counts once; absent = minted, and counted each time */
      messageId?: string;
      timestamp?: string;
      event?: string;
      properties?: Record<string, unknown>;
      traits?: Record<string, unknown>;
    };
    answer: {
      success: true;
      accepted: number;
      rejected: {
        index: number;
        code: string;
        reason: string;
      }[];
    };
  };
  /** Sends what fits the schemas by now through the door again; what does not goes on waiting. Wants a key with the scope `admin` (or `admin`). */
  postV1QuarantineReplay: {
    body: {
      /** Only these; left out = all */
      ids?: string[];
    };
    answer: {
      replayed: number;
      kept: number;
      unknown: string[];
    };
  };
  /** Rank categories, items or models for one entity, the likeliest first. Wants a key with the scope `score` (or `admin`). */
  postV1Rank: {
    body: {
      /** The kind of entity */
      entity?: string;
      /** The entity's id, as its events carry it */
      id: string;
      /** A model of an event in flight: each candidate is such an event */
      model?: string;
      candidates?: (string | {
        name: string;
        /** Properties as in a track call; nested ones become dotted names */
        properties?: Record<string, unknown>;
      })[];
      /** What the event of every candidate carries */
      properties?: Record<string, unknown>;
      /** Instead of candidates: models of the entity itself, one a candidate */
      models?: string[];
      /** How many of the first to tell of */
      top?: number;
      reasons?: number;
      receipt?: "kept" | "none";
    };
    answer: {
      entity: {
        kind: string;
        id: string;
      };
      at: string;
      /** How many candidates were scored */
      scored: number;
      /** The likeliest first, of equal ones by name */
      ranking: {
        probability: number;
        percentile?: number;
        band: string;
        version: string;
        /** Features in which this row is unlike anything that the version was trained on */
        unusual?: string[];
        /** With reasons: base + all contributions = log-odds */
        base?: number;
        reasons?: {
          feature: string;
          value?: string | number | boolean;
          unit?: string;
          usual?: string;
          /** Exact share of the log-odds */
          contribution: number;
          words: string;
        }[];
        name: string;
        model: string;
        receipt?: string;
      }[];
      failed?: {
        name: string;
        code: string;
        detail: string;
      }[];
    };
  };
  /** Make a score again from its receipt, and compare. Wants a key with the scope `score` (or `admin`). */
  postV1ReceiptsIdReplay: {
    path: {
      id: string;
    };
    answer: {
      receipt: string;
      /** Whether all of it holds: digests, versions and link */
      equal: boolean;
      /** What no longer holds; empty when all of it does */
      findings: ("RECEIPT_CHANGED" | "VERSION_CHANGED" | "SCORE_DIFFERS" | "CHAIN_BROKEN")[];
      /** The salted digest that the chain has held since the answer, hex */
      stored: string;
      /** That of the receipt as it is kept now */
      kept: string;
      /** That of the receipt made again by the versions it names */
      recomputed: string;
      scores: {
        model: string;
        version: string;
        sameVersion: boolean;
        kept: number;
        recomputed: number;
      }[];
      chain: {
        name: string;
        number: number;
        place: number;
        holds: boolean;
      };
    };
  };
  /** Score an entity, an event in flight, or features. Wants a key with the scope `score` (or `admin`). */
  postV1Score: {
    body: {
      /** The kind of entity */
      entity?: string;
      /** The entity's id, as its events carry it */
      id?: string;
      /** Something that is happening now: the models about this event judge it */
      event?: {
        name: string;
        /** Properties as in a track call; nested ones become dotted names */
        properties?: Record<string, unknown>;
        /** As in a track call: the same one counts once */
        messageId?: string;
      };
      /** Instead of an id: the model's columns, missing ones left out */
      features?: Record<string, string | number | boolean | null>;
      /** Absent: every champion that fits */
      models?: string[];
      /** How many reasons to tell of each score */
      reasons?: number;
      receipt?: "kept" | "none";
      /** From the arrival of the request to its answer: 504 TOO_LATE, or the fallback, after that */
      deadlineMs?: number;
      /** What to answer when no score can be had in time; the answer says that it is the fallback */
      fallback?: {
        probability: number;
      };
      /** Whether the event enters the log as well, scored as of just before it. Wants scope track */
      record?: boolean;
    };
    answer: {
      entity?: {
        kind: string;
        id: string;
      };
      at: string;
      scores: Record<string, {
        probability: number;
        percentile?: number;
        band: string;
        version: string;
        /** Features in which this row is unlike anything that the version was trained on */
        unusual?: string[];
        /** With reasons: base + all contributions = log-odds */
        base?: number;
        reasons?: {
          feature: string;
          value?: string | number | boolean;
          unit?: string;
          usual?: string;
          /** Exact share of the log-odds */
          contribution: number;
          words: string;
        }[];
      }>;
      receipt?: string;
      /** What the answer had to do without */
      missing?: "receipt"[];
      /** The scores are the caller's own, of version "fallback", and there is no receipt */
      fallback?: true;
      /** With a fallback: the error that it stands in for */
      why?: string;
      /** The same call was answered before, by this receipt, and this is that answer */
      repeated?: true;
      /** With record: whether the event is in the log. If not, send it again by its messageId */
      recorded?: {
        ok: true;
      } | {
        ok: false;
        code: string;
        detail?: string;
      };
    };
  };
  /** Score many; each is answered by its place. Wants a key with the scope `score` (or `admin`). */
  postV1ScoreBatch: {
    body: {
      items: unknown[];
    } | unknown[] | {
      model: string;
      columns: string[];
      /** A list of cells for each, in the order of columns; null = missing */
      rows: unknown[];
      reasons?: number;
      receipt?: "kept" | "none";
    };
    answer: {
      results: {
        entity?: {
          kind: string;
          id: string;
        };
        at: string;
        scores: Record<string, {
          probability: number;
          percentile?: number;
          band: string;
          version: string;
          /** Features in which this row is unlike anything that the version was trained on */
          unusual?: string[];
          /** With reasons: base + all contributions = log-odds */
          base?: number;
          reasons?: {
            feature: string;
            value?: string | number | boolean;
            unit?: string;
            usual?: string;
            /** Exact share of the log-odds */
            contribution: number;
            words: string;
          }[];
        }>;
        receipt?: string;
        /** What the answer had to do without */
        missing?: "receipt"[];
        /** The scores are the caller's own, of version "fallback", and there is no receipt */
        fallback?: true;
        /** With a fallback: the error that it stands in for */
        why?: string;
        /** The same call was answered before, by this receipt, and this is that answer */
        repeated?: true;
        /** With record: whether the event is in the log. If not, send it again by its messageId */
        recorded?: {
          ok: true;
        } | {
          ok: false;
          code: string;
          detail?: string;
        };
      } | {
        error: {
          code: string;
          title: string;
          status: number;
          detail: string;
        };
      }[];
      scored: number;
      failed: number;
    };
  };
  /** A screen that a user looked at. Wants a key with the scope `track` (or `admin`). */
  postV1Screen: {
    body: {
      userId?: string;
      anonymousId?: string;
      /** The same one counts once; absent = minted, and counted each time */
      messageId?: string;
      timestamp?: string;
      event?: string;
      properties?: Record<string, unknown>;
      traits?: Record<string, unknown>;
    };
    answer: {
      success: true;
      accepted: number;
      rejected: {
        index: number;
        code: string;
        reason: string;
      }[];
    };
  };
  /** Something that a user did. Wants a key with the scope `track` (or `admin`). */
  postV1Track: {
    body: {
      userId?: string;
      anonymousId?: string;
      /** The same one counts once; absent = minted, and counted each time */
      messageId?: string;
      timestamp?: string;
      event?: string;
      properties?: Record<string, unknown>;
      traits?: Record<string, unknown>;
    };
    answer: {
      success: true;
      accepted: number;
      rejected: {
        index: number;
        code: string;
        reason: string;
      }[];
    };
  };
}

/** Method, address, and how the answer comes. */
export const CALLS = {
  deleteV1JobsId: ["DELETE", "/v1/jobs/{id}", "json"],
  getLivez: ["GET", "/livez", "json"],
  getMetrics: ["GET", "/metrics", "text"],
  getOpenapiJson: ["GET", "/openapi.json", "json"],
  getReadyz: ["GET", "/readyz", "json"],
  getV1Audit: ["GET", "/v1/audit", "json"],
  getV1EntitiesKindIdExport: ["GET", "/v1/entities/{kind}/{id}/export", "text"],
  getV1ErasuresId: ["GET", "/v1/erasures/{id}", "json"],
  getV1JobsId: ["GET", "/v1/jobs/{id}", "json"],
  getV1JobsIdStream: ["GET", "/v1/jobs/{id}/stream", "events"],
  getV1Models: ["GET", "/v1/models", "json"],
  getV1ModelsName: ["GET", "/v1/models/{name}", "json"],
  getV1ModelsNameVersions: ["GET", "/v1/models/{name}/versions", "json"],
  getV1PortraitsKindId: ["GET", "/v1/portraits/{kind}/{id}", "json"],
  getV1Quarantine: ["GET", "/v1/quarantine", "json"],
  getV1QuarantineId: ["GET", "/v1/quarantine/{id}", "json"],
  getV1ReceiptsId: ["GET", "/v1/receipts/{id}", "json"],
  getV1ReceiptsIdWhy: ["GET", "/v1/receipts/{id}/why", "json"],
  getV1Segments: ["GET", "/v1/segments", "json"],
  postV1Alias: ["POST", "/v1/alias", "json"],
  postV1Batch: ["POST", "/v1/batch", "json"],
  postV1EntitiesKindIdErase: ["POST", "/v1/entities/{kind}/{id}/erase", "json"],
  postV1Group: ["POST", "/v1/group", "json"],
  postV1Identify: ["POST", "/v1/identify", "json"],
  postV1ModelsNamePromote: ["POST", "/v1/models/{name}/promote", "json"],
  postV1ModelsNameRetrain: ["POST", "/v1/models/{name}/retrain", "json"],
  postV1ModelsNameRollback: ["POST", "/v1/models/{name}/rollback", "json"],
  postV1ModelsNameScoreAll: ["POST", "/v1/models/{name}/score-all", "json"],
  postV1Outcomes: ["POST", "/v1/outcomes", "json"],
  postV1Page: ["POST", "/v1/page", "json"],
  postV1QuarantineReplay: ["POST", "/v1/quarantine/replay", "json"],
  postV1Rank: ["POST", "/v1/rank", "json"],
  postV1ReceiptsIdReplay: ["POST", "/v1/receipts/{id}/replay", "json"],
  postV1Score: ["POST", "/v1/score", "json"],
  postV1ScoreBatch: ["POST", "/v1/score/batch", "json"],
  postV1Screen: ["POST", "/v1/screen", "json"],
  postV1Track: ["POST", "/v1/track", "json"],
} as const;
