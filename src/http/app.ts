import express, { type Express, type NextFunction, type Request, type Response } from "express";
import helmet from "helmet";
import { PortraitError } from "../errors.ts";
import { createRanker, type RankNeeds } from "../scoring/rank.ts";
import { createReceiptIds } from "../scoring/receipt-id.ts";
import { createScoreService, type ScoreService } from "../scoring/score.ts";
import { createVersionScorers } from "../scoring/version-scorers.ts";
import { type Admit, createAdmission } from "./admission.ts";
import { audited } from "./audited.ts";
import { bytesOf, readBody } from "./body.ts";
import { createDeadline, type WithinDeadline } from "./deadline.ts";
import { logFailure, toProblem } from "./errors.ts";
import { createHotScore, type HotScore, SCORE_PATH } from "./hot-score.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { mountHot } from "./mount.ts";
import { openApi } from "./openapi.ts";
import { requestIdOf } from "./request-id.ts";
import { type BodyInput, type Call, MEGABYTE, type Route } from "./route.ts";
import { auditRoutes } from "./routes/audit-routes.ts";
import { jobRoutes } from "./routes/job-routes.ts";
import { modelRoutes } from "./routes/model-routes.ts";
import { operationRoutes } from "./routes/operation-routes.ts";
import { outcomeRoutes } from "./routes/outcome-routes.ts";
import { personRoutes } from "./routes/person-routes.ts";
import { populationRoutes } from "./routes/population-routes.ts";
import { portraitRoutes } from "./routes/portrait-routes.ts";
import { quarantineRoutes } from "./routes/quarantine-routes.ts";
import { rankRoutes } from "./routes/rank-routes.ts";
import { receiptRoutes } from "./routes/receipt-routes.ts";
import { scoreRoutes } from "./routes/score-routes.ts";
import { trackRoutes } from "./routes/track-routes.ts";
import { createScoreScanner } from "./scan-score.ts";
import { createReadScore } from "./score-body.ts";
import { createAnswerCall } from "./score-call.ts";
import { ANSWER_HEADERS, HELMET } from "./security-headers.ts";
import { send, sendProblem } from "./send.ts";
import type { Services } from "./services.ts";
import { createSlowFailures } from "./slow-failures.ts";

const UNKNOWN_ROUTE = "unknown";
/** How long a handler may wait for the stores behind it. */
const DEADLINE_MS = 10_000;

/** What scoring needs of the opened services. */
function scoringNeeds({ clock, reducers, states, receipts, champions, recipes }: Services): RankNeeds {
  const questions = recipes.map(({ name, entity, target }) => ({
    model: name,
    entity,
    ...(target.kind === "event-becomes" && { event: target.event, on: target.on }),
  }));
  return { clock, newId: createReceiptIds(clock), reducers, questions, states, receipts, champions };
}

export interface Scoring extends ScoreService {
  readonly rank: ReturnType<typeof createRanker>;
}

/** Scoring over the opened services: one desk of receipts, so one chain, for all of it. */
export function scoringOf(services: Services): Scoring {
  const needs = scoringNeeds(services);
  return { ...createScoreService(needs), rank: createRanker(needs) };
}

/** Every call of the API. */
export function allRoutes(services: Services, metrics: Metrics, service = scoringOf(services)): Route[] {
  const { champions, segmentation, redisReady, artifacts } = services;
  const routes: Route[] = [
    ...scoreRoutes({
      service,
      metrics,
      scanner: createScoreScanner(champions.current),
      within: createDeadline(DEADLINE_MS),
    }),
    ...rankRoutes({ rank: service.rank, metrics }),
    ...receiptRoutes({ ...services, scorerOf: createVersionScorers([artifacts]) }),
    ...portraitRoutes({ ...services, service }),
    ...modelRoutes(services),
    ...populationRoutes(services),
    ...jobRoutes(services),
    ...trackRoutes({ ...services, metrics }),
    ...quarantineRoutes(services),
    ...outcomeRoutes({ ...services, metrics }),
    ...personRoutes(services),
    ...auditRoutes(services),
    ...operationRoutes({
      champions,
      redisReady,
      hasSegments: () => segmentation() !== undefined,
      metrics,
      openApi: () => {
        page ??= openApi(routes);
        return page;
      },
    }),
  ];
  let page: unknown;
  return routes;
}

export interface Api {
  readonly app: Express;
  /** `POST /v1/score`, which `app` answers by too: for a server that lets it answer first. */
  readonly hot: HotScore;
}

/** The API over opened services. It listens nowhere yet: see `createServer`. */
export function createApi(services: Services, { deadlineMs = DEADLINE_MS } = {}): Api {
  const metrics = createMetrics({ ...services, champions: services.champions.current });
  const service = scoringOf(services);
  const within = createDeadline(deadlineMs);
  const admit = createAdmission(services);
  const slowFailure = createSlowFailures(() => performance.now());
  const read = createReadScore(createScoreScanner(services.champions.current));
  const { log } = services;
  const answerCall = createAnswerCall({
    ...services,
    service,
    metrics,
    scorerOf: createVersionScorers([services.artifacts]),
  });
  const hot = createHotScore({ service, read, answerCall, admit, slowFailure, metrics, within, log });
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  app.set("case sensitive routing", true);

  app.post(SCORE_PATH, (req, res) => mountHot(hot, req, res));
  app.use(helmet(HELMET));
  app.use((req, res, next) => {
    const id = requestIdOf(req.headers["x-request-id"]);
    res.locals.requestId = id;
    res.locals.route = UNKNOWN_ROUTE;
    res.setHeader("X-Request-Id", id);
    for (const name in ANSWER_HEADERS) res.setHeader(name, ANSWER_HEADERS[name]);
    const started = performance.now();
    res.once("finish", () => {
      const seconds = (performance.now() - started) / 1_000;
      metrics.answered(req.method, res.locals.route, res.statusCode, seconds, req.headers, id);
    });
    next();
  });

  const methods = new Map<string, string[]>();
  for (const route of allRoutes(services, metrics, service)) {
    if (route.handle)
      app[route.method](
        route.path,
        runner(route, audited(route, route.handle, services.audit, services.log), admit, within),
      );
    methods.set(route.path, [...(methods.get(route.path) ?? []), route.method.toUpperCase()]);
  }
  for (const [path, allowed] of methods) {
    app.all(path, (req, res) => {
      res.locals.route = path;
      res.setHeader("Allow", allowed.join(", "));
      if (req.method === "OPTIONS") return void res.writeHead(204).end();
      throw new PortraitError("METHOD_NOT_ALLOWED", `Wanted ${allowed.join(" or ")}, found ${req.method}.`);
    });
  }
  app.use(() => {
    throw new PortraitError("ROUTE_UNKNOWN", "There is nothing at this address; /openapi.json lists what there is.");
  });

  // the only place where an error becomes an answer
  app.use(async (error: unknown, req: Request, res: Response, _next: NextFunction) => {
    const problem = toProblem(error, res.locals.requestId);
    logFailure(services.log, error, problem, res.locals.route);
    if (problem.status === 401) await slowFailure();
    if (res.headersSent) return void res.destroy();
    sendProblem(req, res, problem);
  });
  return { app, hot };
}

/** Key, parameters, body, handler, answer: what a route declares, in this order. */
function runner(route: Route, handle: NonNullable<Route["handle"]>, admit: Admit, within: WithinDeadline) {
  const wanted = {
    limit: route.bodyLimit ?? MEGABYTE,
    optional: route.bodyOptional ?? false,
    ndjson: route.ndjson ?? false,
    unjudged: route.unjudged ?? false,
  };
  return async (req: Request, res: Response): Promise<void> => {
    res.locals.route = route.path;
    const { authorization } = req.headers;
    const { scope } = route;
    const keyLater = route.keyInBody === true && authorization === undefined;
    const known = scope === undefined || keyLater ? undefined : admit(authorization, scope);
    const { "content-length": length, "content-encoding": packed } = req.headers;
    // what is packed, or does not say how long it is, may fill the limit
    const leave = route.enter?.(packed === undefined ? Number(length ?? wanted.limit) : wanted.limit, !keyLater);
    try {
      const params = route.params?.parse(req.params);
      const query = route.query?.parse(req.query);
      const input: BodyInput = { read: bytesOf(req), pieces: req };
      const body = route.readsItself ? undefined : route.body?.parse(await readBody(req.headers, input.read, wanted));
      const call = {
        params,
        query,
        body,
        headers: req.headers,
        holder: scope !== undefined && keyLater ? admit(writeKeyOf(body), scope) : known,
        requestId: res.locals.requestId as string,
        input,
      } as Call<never, never, never>;
      await send(req, res, await within(() => handle(call)));
    } finally {
      leave?.();
    }
  };
}

/** The key that came as the body's `writeKey`, in the words of the header. */
function writeKeyOf(body: unknown): string | undefined {
  const key = typeof body === "object" && body !== null && "writeKey" in body ? body.writeKey : undefined;
  return typeof key === "string" ? `Bearer ${key}` : undefined;
}
