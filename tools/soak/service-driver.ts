import { fork } from "node:child_process";
import type { LoadOrder, LoadReport } from "./service-load.ts";
import type { Asked } from "./service-tally.ts";

export type LoadOver = Extract<LoadReport, { kind: "over" }>;

/** Starts the process that is the load, and tells it what to do. @param script service-load.js, built */
export function startDriver(script: string) {
  const load = fork(script, [], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const tell = (order: LoadOrder) => load.send(order);

  /** The first report of a kind. Others are shown to `heed`. */
  const hear = <Kind extends LoadReport["kind"]>(kind: Kind, heed: (report: LoadReport) => void = () => {}) =>
    new Promise<Extract<LoadReport, { kind: Kind }>>((resolve, reject) => {
      const listen = (report: LoadReport) => {
        heed(report);
        if (report.kind !== kind) return;
        load.off("message", listen);
        resolve(report as Extract<LoadReport, { kind: Kind }>);
      };
      load.on("message", listen);
      load.once("exit", (code, signal) => reject(new Error(`the load ended with ${signal ?? code}`)));
    });

  return {
    prepare: (port: number, asked: readonly Asked[], sampleEvery: number) =>
      tell({ kind: "prepare", port, asked, sampleEvery }),
    /** Requests a second when 64 connections ask as fast as they can. @throws Error when one fails */
    async calibrate(seconds: number): Promise<number> {
      const capacity = hear("capacity");
      tell({ kind: "calibrate", seconds });
      const { perSecond, failed } = await capacity;
      if (Object.keys(failed).length === 0) return perSecond;
      throw new Error(`requests failed before anything was killed: ${JSON.stringify(failed)}`);
    },
    run(perSecond: number, seconds: number, heed: (report: LoadReport) => void): Promise<LoadOver> {
      const over = hear("over", heed);
      tell({ kind: "run", perSecond, seconds });
      return over;
    },
    close: () => load.kill("SIGKILL"),
  };
}
