import cluster, { type Worker } from "node:cluster";
import { PortraitError } from "../errors.ts";
import { isMeasureMessage, PATIENCE_MS } from "../http/sibling-measures.ts";
import type { Log } from "../log.ts";

/** A process that ends so soon after its start would only end again. */
const TOO_SOON_MS = 1_000;
const END = "portrait: end";

export interface Processes {
  readonly url: string;
  /** Starts a new process for each, one after the other, and ends the old one when the new one answers. */
  renew(): Promise<void>;
  /** Asks all to finish what they have in hand, and waits for them. */
  close(): Promise<void>;
}

/** In a process that `startProcesses` began: resolves when it is to end. */
export const untilTold = (): Promise<void> =>
  new Promise((resolve) => {
    process.on("message", (message) => message === END && resolve());
  });

/**
 * Runs this same command in `count` processes that answer at one address; connections go to them in turn. One that dies
 * is replaced.
 *
 * States: starting (none answers yet: the first that ends ends all) → answering → closing.
 *
 * @throws PortraitError CONFIG_INVALID when one ends before it answers
 */
export async function startProcesses(count: number, log: Log): Promise<Processes> {
  const current = new Set<Worker>();
  let closing = false;

  async function start(): Promise<{ readonly worker: Worker; readonly url: string }> {
    const worker = cluster.fork();
    const startedAt = performance.now();
    current.add(worker);
    worker.on("message", (message) => {
      if (isMeasureMessage(message) && message.portrait === "measure") void measureAll(worker, message.ask, current);
    });
    const url = await new Promise<string>((resolve, reject) => {
      worker.once("listening", ({ address, port }) => resolve(`http://${address}:${port}`));
      worker.once("exit", (code) =>
        reject(
          new PortraitError("CONFIG_INVALID", `A process ended with ${code} before it answered. Its log says why.`),
        ),
      );
    });
    worker.once("exit", (code, signal) => {
      if (!current.delete(worker) || closing) return;
      log.warn({ pid: worker.process.pid, code, signal }, "a process ended; another takes its place");
      const again = () =>
        start().catch((error: unknown) => log.error({ reason: String(error) }, "no process took its place"));
      setTimeout(again, performance.now() - startedAt < TOO_SOON_MS ? TOO_SOON_MS : 0);
    });
    return { worker, url };
  }

  const end = (worker: Worker): Promise<void> =>
    new Promise((resolve) => {
      if (worker.isDead()) return resolve();
      current.delete(worker);
      worker.once("exit", () => resolve());
      if (worker.isConnected()) worker.send(END);
    });

  const endAll = () => Promise.all([...current].map(end));
  try {
    const first = await start(); // finds the port, when any will do
    await Promise.all(Array.from({ length: count - 1 }, start));
    return {
      url: first.url,
      async renew() {
        for (const old of [...current]) {
          await start();
          await end(old);
        }
      },
      async close() {
        closing = true;
        await endAll();
      },
    };
  } catch (error) {
    closing = true;
    await endAll();
    throw error;
  }
}

/** Asks every process what it has measured, and tells who asked. */
async function measureAll(asker: Worker, ask: string, workers: ReadonlySet<Worker>): Promise<void> {
  const told = [...workers].map(
    (worker) =>
      new Promise<unknown[]>((resolve) => {
        const finish = (found: unknown[]) => {
          worker.off("message", hear);
          clearTimeout(late);
          resolve(found);
        };
        const hear = (message: unknown) => {
          if (isMeasureMessage(message) && message.portrait === "told" && message.ask === ask)
            finish([message.measures]);
        };
        const late = setTimeout(() => finish([]), PATIENCE_MS);
        worker.on("message", hear);
        if (worker.isConnected()) worker.send({ portrait: "tell", ask });
      }),
  );
  const all = (await Promise.all(told)).flat();
  if (asker.isConnected()) asker.send({ portrait: "measured", ask, all });
}
