import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { progressBar } from "../progress.ts";

/** Whether a program of this name is on the path. */
export function onPath(program: string, path: string = process.env.PATH ?? ""): boolean {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

interface Way {
  /** What a person would type. */
  readonly line: string;
  /** What the doctor may run by itself; undefined where it would need a password or is not sure. */
  readonly steps?: readonly (readonly string[])[];
}

/** How redis-server comes onto this machine. */
export function wayToRedis(has: (program: string) => boolean = onPath, root: boolean = process.getuid?.() === 0): Way {
  const sudo = root ? "" : "sudo ";
  if (has("apt-get")) {
    const apt = ["apt-get", "-o", "DPkg::Lock::Timeout=120"];
    return {
      line: `${sudo}apt-get update && ${sudo}apt-get install -y redis-server`,
      ...(root && {
        steps: [
          [...apt, "update"],
          [...apt, "install", "-y", "redis-server"],
        ],
      }),
    };
  }
  if (has("brew")) return { line: "brew install redis", steps: [["brew", "install", "redis"]] };
  if (has("dnf")) return { line: `${sudo}dnf install -y redis` };
  if (has("apk")) return { line: `${sudo}apk add redis` };
  if (has("pacman")) return { line: `${sudo}pacman -S redis` };
  return { line: "install Redis 6.2 or newer from https://redis.io/downloads, or set REDIS_URL to one that runs" };
}

export const redisInstallLine = (): string => wayToRedis().line;

/**
 * Installs redis-server where that needs no password and no guess. A system service that the package may start
 * is neither used nor stopped: portrait runs a server of its own.
 *
 * @returns false when this machine has no such way, or the way failed (what it said is on standard error).
 */
export async function installRedis(quiet: boolean): Promise<boolean> {
  const { steps } = wayToRedis();
  if (!steps) return false;
  const bar = progressBar("Installing Redis", { quiet });
  let said = "";
  for (const [i, [program, ...args]] of steps.entries()) {
    bar.update(i / steps.length, [program, ...args.filter((word) => /^[a-z]/.test(word))].join(" "));
    const code = await new Promise<number>((resolve) => {
      const child = spawn(program, args, {
        env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", HOMEBREW_NO_AUTO_UPDATE: "1" },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const listen = (chunk: Buffer) => {
        said = (said + chunk.toString()).slice(-2_000);
        const line = said.trim().split("\n").at(-1)?.trim() ?? "";
        bar.update((i + 0.5) / steps.length, line.slice(0, 60));
      };
      child.stdout.on("data", listen);
      child.stderr.on("data", listen);
      child.once("error", () => resolve(127));
      child.once("close", (status) => resolve(status ?? 1));
    });
    // an update may fail for a source that has nothing to do with Redis; the installation itself decides
    if (code !== 0 && i === steps.length - 1) {
      bar.end("failed");
      process.stderr.write(`${said.trim()}\n`);
      return false;
    }
  }
  bar.end();
  return true;
}
