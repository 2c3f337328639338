import cluster from "node:cluster";

/** What processes of one cluster say to each other about their measures, by way of the one that started them. */
export type MeasureMessage =
  | { readonly portrait: "measure" | "tell"; readonly ask: string }
  | { readonly portrait: "told"; readonly ask: string; readonly measures: unknown }
  | { readonly portrait: "measured"; readonly ask: string; readonly all: readonly unknown[] };

export const isMeasureMessage = (message: unknown): message is MeasureMessage =>
  typeof message === "object" && message !== null && "portrait" in message && "ask" in message;

/** A sibling that does not answer by then is left out. */
export const PATIENCE_MS = 1_000;

/**
 * The measures of all processes that answer at this address, this one's included, whoever of them Prometheus reached.
 * In a process of its own: its own only. Where the parent does not answer in time, its own too.
 *
 * @param own what this process has measured, as JSON can carry it
 */
export function measuresOfSiblings<Measures>(own: () => Promise<Measures>): () => Promise<readonly Measures[]> {
  if (!cluster.isWorker) return async () => [await own()];
  const asked = new Map<string, (all: readonly Measures[]) => void>();
  let asks = 0;
  process.on("message", (message) => {
    if (!isMeasureMessage(message)) return;
    if (message.portrait === "measured") asked.get(message.ask)?.(message.all as readonly Measures[]);
    if (message.portrait === "tell")
      void own().then((measures) => process.send?.({ portrait: "told", ask: message.ask, measures }));
  });
  return async () => {
    const ask = `${process.pid}-${asks++}`;
    const all = await new Promise<readonly Measures[]>((resolve) => {
      asked.set(ask, resolve);
      setTimeout(() => resolve([]), 2 * PATIENCE_MS).unref();
      process.send?.({ portrait: "measure", ask });
    });
    asked.delete(ask);
    return all.length > 0 ? all : [await own()];
  };
}
