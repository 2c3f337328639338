import { createRequire } from "node:module";
import { dirname, sep } from "node:path";

/** The part of TensorFlow.js that we use; type only, so that nothing is loaded by naming it. */
export type TensorFlow = typeof import("@tensorflow/tfjs");

export interface Backend {
  readonly tf: TensorFlow;
  /** "tfjs wasm 4.22.0": where the numbers were made. */
  readonly name: string;
}

let opened: Promise<Backend> | undefined;

/**
 * Opens TensorFlow.js, once a process; the only place that does. In this order: `@tensorflow/tfjs-node` (native,
 * when somebody installed it), the WASM backend (single-threaded SIMD: one core, the same bits on every run),
 * plain JavaScript. Nothing is downloaded. Scoring never comes here. Cost: about half a second the first time.
 */
export function openBackend(): Promise<Backend> {
  opened ??= quietly(async () => (await native()) ?? (await wasm()) ?? (await plain()));
  return opened;
}

async function native(): Promise<Backend | undefined> {
  // By a variable: an optional peer, whose absence is normal and must not trouble the compiler.
  const name = "@tensorflow/tfjs-node";
  try {
    const tf = unwrap((await import(name)) as TensorFlow);
    await tf.ready();
    return { tf, name: `tfjs-node ${tf.version.tfjs}` };
  } catch {
    return undefined;
  }
}

async function wasm(): Promise<Backend | undefined> {
  try {
    const tf = unwrap(await import("@tensorflow/tfjs"));
    const backend = await import("@tensorflow/tfjs-backend-wasm");
    const folder = dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm"));
    backend.setWasmPaths(folder + sep);
    backend.setThreadsCount(1);
    if (!(await tf.setBackend("wasm"))) return undefined;
    await tf.ready();
    return { tf, name: `tfjs wasm ${tf.version.tfjs}` };
  } catch {
    return undefined;
  }
}

async function plain(): Promise<Backend> {
  const tf = unwrap(await import("@tensorflow/tfjs"));
  await tf.setBackend("cpu");
  await tf.ready();
  return { tf, name: `tfjs js ${tf.version.tfjs}` };
}

/** A CommonJS package may arrive under `default`. */
const unwrap = (module: TensorFlow & { default?: TensorFlow }): TensorFlow =>
  typeof module.tensor2d === "function" ? module : (module.default ?? module);

/** TensorFlow.js greets people on the console while it loads. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const { log, info, warn } = console;
  const mute = () => {};
  Object.assign(console, { log: mute, info: mute, warn: mute });
  try {
    return await work();
  } finally {
    Object.assign(console, { log, info, warn });
  }
}
