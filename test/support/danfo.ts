import { execFileSync } from "node:child_process";
import { cpSync, existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import type { Frame, FrameMaker } from "../../training/frames/frames.ts";

const fixture = resolve(import.meta.dirname, "../fixtures/danfo");
/** Below node_modules, so that it finds this project's TensorFlow.js, and no tool takes it for ours. */
const home = resolve(import.meta.dirname, "../../node_modules/.cache/portrait-danfo");

export type Danfo = FrameMaker<Frame & { describe(): Frame }>;

/**
 * The real danfojs-node, installed aside by its own lock file on first use (39 packages, 30 MB), so that `npm ci`
 * does not depend on it. Undefined, and said, when it cannot be had: no registry in reach.
 */
export function openDanfo(): Danfo | undefined {
  try {
    if (!existsSync(join(home, "node_modules/danfojs-node"))) {
      cpSync(fixture, home, { recursive: true });
      execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
        cwd: home,
        timeout: 90_000,
        stdio: "pipe",
      });
    }
    return createRequire(join(home, "package.json"))("danfojs-node") as Danfo;
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
    console.log(`danfojs-node skipped: it could not be installed here (${why})`);
    return undefined;
  }
}
