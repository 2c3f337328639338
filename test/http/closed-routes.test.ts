import { afterAll, describe, expect, test } from "vitest";
import { allRoutes } from "../../src/http/app.ts";
import { type KeyHolder, SCOPES } from "../../src/http/keys.ts";
import { createMetrics } from "../../src/http/metrics.ts";
import { MOUNTS, serve } from "../support/serve.ts";

/** Every test key has one scope, whose name it has (see `serve`). */
const KEY_OF: Readonly<Record<KeyHolder["scopes"][number], string>> = {
  score: "scorer",
  read: "reader",
  track: "tracker",
  train: "trainer",
  privacy: "keeper",
  admin: "admin",
};
/** Whatever a caller may ask without a key, said here so that nothing is opened by an oversight. */
const OPEN = ["GET /livez", "GET /readyz", "GET /metrics", "GET /openapi.json"];

describe.each(MOUNTS)("with scores answered %s", async (mount) => {
  const house = await serve({}, { mount });
  afterAll(() => house[Symbol.asyncDispose]());
  const metrics = createMetrics({ champions: house.services.champions.current, redisReady: () => true });
  const routes = allRoutes(house.services, metrics);

  test("only these are open", () => {
    const open = routes.filter(({ scope }) => scope === undefined);
    expect(open.map(({ method, path }) => `${method.toUpperCase()} ${path}`)).toEqual(OPEN);
  });

  const closed = routes.filter(({ scope }) => scope !== undefined);
  const asked = { "no key": "", "a wrong key": "Bearer nobody", "a wrong name": `Basic ${btoa("nobody:")}` } as const;
  /** All at once: wrong keys are answered ever more slowly. */
  const answers = Promise.all(
    closed.map(async ({ method, path }) => {
      const ask = async (authorization: string): Promise<[number, unknown]> => {
        const address = path.replace(/:\w+/g, "x");
        const body = method === "post" ? {} : undefined;
        const res = await house.ask(method.toUpperCase(), address, body, { authorization });
        return [res.status, res.body.code];
      };
      const strangers = Promise.all(Object.values(asked).map(ask));
      const holders = Promise.all(SCOPES.map((scope) => ask(`Bearer ${KEY_OF[scope]}`)));
      return { strangers: await strangers, holders: await holders };
    }),
  );

  test.each(closed.map((route, i) => [`${route.method.toUpperCase()} ${route.path}`, route.scope, i] as const))(
    "%s is closed without a key, to a wrong one and to a key of another scope",
    async (_, wanted, i) => {
      const { strangers, holders } = (await answers)[i];
      expect(strangers).toEqual([
        [401, "KEY_MISSING"],
        [401, "KEY_WRONG"],
        [401, "KEY_WRONG"],
      ]);
      for (const [j, scope] of SCOPES.entries()) {
        if (scope === wanted || scope === "admin") expect([401, 403], `${scope} may`).not.toContain(holders[j][0]);
        else expect(holders[j], `${scope} may not`).toEqual([403, "SCOPE_MISSING"]);
      }
    },
  );
});
