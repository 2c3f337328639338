import { setTimeout as sleep } from "node:timers/promises";
import { isFinished, type JobView } from "../../src/retraining/queue.ts";
import type { ServiceFacts } from "./service-judge.ts";
import { MODEL } from "./service-shop.ts";

export type ServiceClient = ReturnType<typeof serviceClient>;

const PATIENCE_MS = 15_000;
const EVENTS_AT_ONCE = 5;

/** The calls of the soak beside its load. None rejects; each failure is counted by its code. */
export function serviceClient(url: string, key: string) {
  const failed: Record<string, number> = {};
  let events = 0;

  async function ask<A>(method: string, path: string, body?: unknown): Promise<A | undefined> {
    let code = "CONNECTION_LOST";
    try {
      const answer = await fetch(url + path, {
        method,
        headers: { Authorization: `Bearer ${key}`, ...(body !== undefined && { "Content-Type": "application/json" }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      const said = (await answer.json()) as A & { code?: string };
      if (answer.ok) return said;
      code = said.code ?? `HTTP_${answer.status}`;
    } catch (error) {
      if (error instanceof Error && error.name === "TimeoutError") code = "NO_ANSWER";
    }
    failed[code] = (failed[code] ?? 0) + 1;
    return undefined;
  }

  return {
    failed: (): Readonly<Record<string, number>> => failed,
    lives: () =>
      fetch(`${url}/livez`).then(
        ({ ok }) => ok,
        () => false,
      ),
    retrain: (untilMs: number) =>
      ask<{ job: string; alreadyRunning: boolean }>("POST", `/v1/models/${MODEL}/retrain`, {
        until: new Date(untilMs).toISOString(),
      }),
    promote: (version: string) => ask("POST", `/v1/models/${MODEL}/promote`, { version, why: "the soak wants one" }),
    replay: (receipt: string) => ask<{ equal: boolean }>("POST", `/v1/receipts/${receipt}/replay`),
    /** A few events of a person, so that lives go on and workers have work. */
    async track(userId: string): Promise<void> {
      const batch = Array.from({ length: EVENTS_AT_ONCE }, () => ({
        ...{ type: "track", messageId: `soak-${events++}`, userId, event: "Product Viewed" },
        properties: { category: "toys" },
      }));
      await ask("POST", "/v1/batch", { batch });
    },
  };
}

/**
 * Asks until a retraining of its own is queued: while Redis is away, or another one is under way, it is asked again.
 *
 * @param late after this moment, ms, it gives up
 * @returns the job's id
 */
export async function askUntilTaken(client: ServiceClient, untilMs: number, late: number): Promise<string> {
  while (Date.now() < late) {
    const taken = await client.retrain(untilMs);
    if (taken && !taken.alreadyRunning) return taken.job;
    await sleep(1_000);
  }
  throw new Error("a retraining could not be asked for in time");
}

/** The jobs when all have ended, or as they are when the patience is over. */
export async function jobsToTheirEnd(
  ids: readonly string[],
  find: (id: string) => Promise<JobView | undefined>,
  patienceMs: number,
): Promise<ServiceFacts["jobs"]> {
  const late = Date.now() + patienceMs;
  for (;;) {
    const views = await Promise.all(ids.map((id) => find(id)));
    const jobs = views.map((view, i) => view ?? { id: ids[i], state: "unknown" as const });
    if (jobs.every((job) => job.state !== "unknown" && isFinished(job)) || Date.now() > late) return jobs;
    await sleep(500);
  }
}
