import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const VERSION = "1.30.0";
/** Aside from the project's own packages: the bench's, gone when node_modules is. */
const FOLDER = fileURLToPath(new URL("../../node_modules/.cache/portrait-bench", import.meta.url));

interface Tensor {
  readonly data: Float32Array;
}
interface Session {
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
  release(): Promise<void>;
}
interface Onnxruntime {
  readonly Tensor: new (type: "float32", data: Float32Array, shape: readonly number[]) => Tensor;
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
}

/** A forest in onnxruntime, on one thread: rows (row-major floats) in, margins out. */
export interface OnnxPeer {
  readonly version: string;
  score(rows: Float32Array, count: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * Loads an ONNX model into `onnxruntime-node`, which is installed aside at first (110 MB; the package holds its CPU binaries, so its
 * install script, which would fetch those of graphics cards, is not run). Answers why not when it cannot be had.
 */
export async function createOnnxPeer(model: Uint8Array, say: (line: string) => void): Promise<OnnxPeer | string> {
  const home = createRequire(join(FOLDER, "index.js"));
  const manifest = join(FOLDER, "node_modules/onnxruntime-node/package.json");
  if (!existsSync(manifest)) {
    say(`Installing onnxruntime-node ${VERSION} aside, 110 MB …`);
    mkdirSync(FOLDER, { recursive: true });
    const args = ["install", "--ignore-scripts", "--no-save", "--prefix", FOLDER, `onnxruntime-node@${VERSION}`];
    const { status, stderr } = spawnSync("npm", args, { encoding: "utf8", cwd: dirname(FOLDER) });
    if (status !== 0) return `npm could not install it: ${stderr?.trim().split("\n").at(-1) ?? "there is no npm"}`;
  }
  try {
    const { Tensor, InferenceSession } = home("onnxruntime-node") as Onnxruntime;
    const { version } = home(manifest) as { version: string };
    const session = await InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1 });
    return {
      version,
      async score(rows, count) {
        const { margins } = await session.run({ rows: new Tensor("float32", rows, [count, rows.length / count]) });
        return margins.data;
      },
      close: () => session.release(),
    };
  } catch (error) {
    return `it does not run here: ${String(error)}`;
  }
}
