import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { ASKED, DONE, FAILED, type Memory, PHASE, TURN } from "./memory.ts";

/** The threads of one training. The caller's thread leads and works; the others wait in shared memory for a phase. */
export interface Crew {
  /** Whether the followers have come. Until then the leader works alone, on the whole of a phase. */
  readonly complete: () => boolean;
  /** Waits for the followers; the leader goes on alone when threads are not to be had here. */
  gather(): Promise<void>;
  /** Does one phase with all threads; returns when it is done. */
  lead(phase: number): void;
  /** Sends the followers home; waits until they have gone. */
  close(): Promise<void>;
}

/**
 * Who waits looks this often before going to sleep, some 50 µs: a phase, and what the leader does between two of them, often
 * lasts a few microseconds, and to be woken takes longer than that. Whoever has looked in vain looks half as often the next
 * time, for on a busy machine it takes the core from the one it waits for.
 */
const LOOKS = 25_000;
const LEAST_LOOKS = 500;

/**
 * A follower waits for the next turn, does its share of the phase that stands beside it, counts itself as done, and
 * goes home after phase 0. One that fails still counts itself, so that the leader learns of it instead of waiting. As text it needs no file of its own: the same from source, from dist, or bundled.
 */
const FOLLOWER = `
const { workerData: { module, memory, thread, threads } } = require("node:worker_threads");
const words = new Int32Array(memory.buffer);
const safely = (work) => { try { return work(); } catch { Atomics.store(words, ${FAILED}, 1); } };
const abort = () => { throw new Error("a gbdt kernel stopped"); };
const kernels = safely(() => new WebAssembly.Instance(module, { env: { memory, abort } }).exports);
for (let turn = 0, phase = -1, looks = ${LOOKS}; phase !== ${PHASE.stop}; ) {
  let look = 0;
  while (Atomics.load(words, ${TURN}) === turn)
    if (++look > looks) Atomics.wait(words, ${TURN}, turn);
  looks = look > looks ? Math.max(looks >> 1, ${LEAST_LOOKS}) : Math.min(looks << 1, ${LOOKS});
  turn++;
  phase = Atomics.load(words, ${ASKED});
  safely(() => kernels.work(phase, thread));
  if (Atomics.add(words, ${DONE}, 1) === threads - 2) Atomics.notify(words, ${DONE});
}
`;

/**
 * Sends for `memory.shape.threads - 1` followers; they take some 40 ms to come. `memory.get("threads")` is the number of threads
 * that share the next phase: 1 until all have come.
 */
export function createCrew(memory: Memory): Crew {
  const { shape, kernels, i32: words, module } = memory;
  const { threads } = shape;
  const workers: Worker[] = [];
  memory.set("threads", 1);
  let waiting = threads > 1;
  const come = async () => {
    try {
      for (let thread = 1; thread < threads; thread++) {
        const workerData = { module, memory: memory.memory, thread, threads };
        workers.push(new Worker(FOLLOWER, { eval: true, execArgv: [], workerData }));
      }
      await Promise.all(workers.map((worker) => once(worker, "online")));
      memory.set("threads", threads);
    } catch {
      await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
    }
    waiting = false;
  };
  const arrival = waiting ? come() : Promise.resolve();
  let looks = LOOKS;
  const turn = (phase: number) => {
    Atomics.store(words, ASKED, phase);
    Atomics.store(words, DONE, 0);
    Atomics.add(words, TURN, 1);
    Atomics.notify(words, TURN);
    kernels.work(phase, 0);
    let look = 0;
    for (let done = Atomics.load(words, DONE); done < threads - 1; done = Atomics.load(words, DONE))
      if (++look > looks) Atomics.wait(words, DONE, done);
    looks = look > looks ? Math.max(looks >> 1, LEAST_LOOKS) : Math.min(looks << 1, LOOKS);
  };
  return {
    complete: () => !waiting,
    gather: () => arrival,
    lead(phase) {
      if (memory.get("threads") === 1) return kernels.work(phase, 0);
      turn(phase);
      if (Atomics.load(words, FAILED)) throw new Error("gbdt: a thread could not do its share; train with threads: 1");
    },
    async close() {
      await arrival;
      if (!workers.length) return;
      const gone = Promise.all(workers.map((worker) => once(worker, "exit")));
      turn(PHASE.stop);
      await gone;
    },
  };
}
