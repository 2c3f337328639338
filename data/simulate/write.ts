import { once } from "node:events";
import { createWriteStream, mkdirSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type Simulation, simulate } from "./simulate.ts";

export interface Written {
  readonly people: number;
  readonly events: number;
  readonly orders: number;
  readonly loans: number;
  readonly eventsFile: string;
  readonly truthFile: string;
}

export interface WriteOptions {
  readonly gzip?: boolean;
  readonly onProgress?: (done: number, note: string) => void;
}

const PEOPLE_A_WRITE = 50;

/**
 * Writes `events.ndjson` (or `.ndjson.gz`), a Segment call a line, and `truth.ndjson` into `folder`.
 * The files appear under their names when they are whole. Memory: a few dozen lives.
 */
export async function writeSimulation(
  simulation: Simulation,
  folder: string,
  options: WriteOptions = {},
): Promise<Written> {
  mkdirSync(folder, { recursive: true });
  const eventsFile = join(folder, options.gzip ? "events.ndjson.gz" : "events.ndjson");
  const truthFile = join(folder, "truth.ndjson");
  const events = openFile(`${eventsFile}.tmp`, options.gzip === true);
  const truth = openFile(`${truthFile}.tmp`, false);

  const count = { people: 0, events: 0, orders: 0, loans: 0 };
  let eventLines = "";
  let truthLines = "";
  const flush = async () => {
    await events.write(eventLines);
    await truth.write(truthLines);
    eventLines = "";
    truthLines = "";
    options.onProgress?.(count.people / simulation.people, `${count.events.toLocaleString("en")} events`);
  };
  for (const life of simulate(simulation)) {
    for (const call of life.calls) eventLines += `${JSON.stringify(call)}\n`;
    for (const line of life.truth) {
      truthLines += `${JSON.stringify(line)}\n`;
      if (line.target === "fraud") count.orders++;
      if (line.target === "repayment") count.loans++;
    }
    count.people++;
    count.events += life.calls.length;
    if (count.people % PEOPLE_A_WRITE === 0) await flush();
  }
  await flush();
  await Promise.all([events.close(), truth.close()]);
  await rename(`${eventsFile}.tmp`, eventsFile);
  await rename(`${truthFile}.tmp`, truthFile);
  return { ...count, eventsFile, truthFile };
}

/** A file that takes text and says when it wants a rest. */
function openFile(path: string, gzip: boolean): { write(text: string): Promise<void>; close(): Promise<void> } {
  const file = createWriteStream(path);
  const zip = gzip ? createGzip({ level: 4 }) : undefined;
  const done = zip ? pipeline(zip, file) : finished(file);
  // a broken disk is told by `write` or `close`, not by an unhandled rejection
  done.catch(() => {});
  const door: Writable = zip ?? file;
  return {
    async write(text) {
      if (text && !door.write(text)) await Promise.race([once(door, "drain"), done]);
    },
    async close() {
      door.end();
      await done;
    },
  };
}
