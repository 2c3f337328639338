import { randomUUID } from "node:crypto";
import express, { type Express, type NextFunction, type Request, type Response } from "express";
import { PortraitError } from "../errors.ts";
import { createReceiptIds } from "../scoring/receipt-id.ts";
import { createScoreService, type Question } from "../scoring/score.ts";
import { authenticate } from "./auth.ts";
import { readBody } from "./body.ts";
import { withinDeadline } from "./deadline.ts";
import { logFailure, toProblem } from "./errors.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { openApi } from "./openapi.ts";
import { type Call, MEGABYTE, type Route } from "./route.ts";
import { jobRoutes } from "./routes/job-routes.ts";
import { modelRoutes } from "./routes/model-routes.ts";
import { operationRoutes } from "./routes/operation-routes.ts";
import { outcomeRoutes } from "./routes/outcome-routes.ts";
import { portraitRoutes } from "./routes/portrait-routes.ts";
import { scoreRoutes } from "./routes/score-routes.ts";
import { trackRoutes } from "./routes/track-routes.ts";
import { send, sendProblem } from "./send.ts";
import type { Services } from "./services.ts";

const REQUEST_ID = /^[\w.-]{1,64}$/;
const UNKNOWN_ROUTE = "unknown";
/** How long a handler may wait for the stores behind it. */
const DEADLINE_MS = 10_000;

/** Every call of the API. */
export function allRoutes(services: Services, metrics: Metrics): Route[] {
  const { clock, reducer, states, receipts, champions, recipes, segmentation, redisReady } = services;
  const service = createScoreService({
    clock,
    newId: createReceiptIds(clock),
    reducer,
    questions: recipes.map(
      ({ name, entity, target }): Question => ({
        model: name,
        entity,
        ...(target.kind === "event-becomes" && { event: target.event }),
      }),
    ),
    states,
    receipts,
    champions,
  });
  const routes: Route[] = [
    ...scoreRoutes({ service, receipts, metrics }),
    ...portraitRoutes({ ...services, service }),
    ...modelRoutes(services),
    ...jobRoutes(services),
    ...trackRoutes({ ...services, metrics }),
    ...outcomeRoutes({ ...services, metrics }),
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

/** The Express app over opened services. It listens nowhere yet: see `createServer`. */
export function createApp(services: Services, { deadlineMs = DEADLINE_MS } = {}): Express {
  const metrics = createMetrics({ champions: services.champions.current, redisReady: services.redisReady });
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  app.set("case sensitive routing", true);

  app.use((req, res, next) => {
    const given = req.headers["x-request-id"];
    const id = typeof given === "string" && REQUEST_ID.test(given) ? given : randomUUID();
    res.locals.requestId = id;
    res.locals.route = UNKNOWN_ROUTE;
    res.setHeader("X-Request-Id", id);
    const started = performance.now();
    res.once("finish", () => {
      metrics.answered(req.method, res.locals.route, res.statusCode, (performance.now() - started) / 1_000);
    });
    next();
  });

  const methods = new Map<string, string[]>();
  for (const route of allRoutes(services, metrics)) {
    app[route.method](route.path, runner(route, services, deadlineMs));
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
  app.use((error: unknown, req: Request, res: Response, _next: NextFunction) => {
    const problem = toProblem(error, res.locals.requestId);
    logFailure(services.log, error, problem, res.locals.route);
    if (res.headersSent) return void res.destroy();
    sendProblem(req, res, problem);
  });
  return app;
}

/** Key, parameters, body, handler, answer: what a route declares, in this order. */
function runner(route: Route, { open, keys }: Pick<Services, "open" | "keys">, deadlineMs: number) {
  const wanted = {
    limit: route.bodyLimit ?? MEGABYTE,
    optional: route.bodyOptional ?? false,
    ndjson: route.ndjson ?? false,
  };
  return async (req: Request, res: Response): Promise<void> => {
    res.locals.route = route.path;
    const holder =
      route.scope === undefined || open ? undefined : authenticate(keys, req.headers.authorization, route.scope);
    const params = route.params?.parse(req.params);
    const query = route.query?.parse(req.query);
    const body = route.body?.parse(await readBody(req, wanted));
    const call = {
      params,
      query,
      body,
      headers: req.headers,
      holder,
      requestId: res.locals.requestId as string,
    } as Call<never, never, never>;
    await send(req, res, await withinDeadline(deadlineMs, () => route.handle(call)));
  };
}
