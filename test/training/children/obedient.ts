/** A training process for tests: does what the order's `reason` and `model` say, in the words of the real one. */
import { getPriority } from "node:os";
import type { Order, Report } from "../../../training/child-messages.ts";

const say = (report: Report) => process.send?.(report);
const end = (report: Report) => process.send?.(report, () => process.disconnect());

process.once("message", ({ payload: { model }, jobId }: Order) => {
  switch (model) {
    case "learn":
      say({ kind: "progress", progress: { done: 0.25, step: "reading" } });
      return end({
        kind: "result",
        result: { model, version: jobId, promoted: true, why: `at nice ${getPriority()}` },
      });
    case "too-small":
      return end({ kind: "failure", code: "DATASET_TOO_SMALL", message: "wanted 500 rows, found 3" });
    case "die":
      return process.exit(3);
    case "devour": {
      const all: number[][] = [];
      for (;;) all.push(new Array(100_000).fill(1));
    }
    case "deaf":
      process.on("SIGTERM", () => {});
      setInterval(() => {}, 1_000);
      return say({ kind: "progress", progress: { done: 0, step: String(process.pid) } });
    case "wait":
      setInterval(() => {}, 1_000);
      return say({ kind: "progress", progress: { done: 0, step: String(process.pid) } });
  }
});
