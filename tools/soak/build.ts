import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

export interface SoakBuild {
  /** The built file of a source file. */
  file(source: string): string;
  remove(): void;
}

/** Compiles the service and the soak's own processes once, so that each of their many lives begins fast. */
export function buildForSoak(rooms: readonly string[] = ["src", "models", "tools/soak"]): SoakBuild {
  mkdirSync(resolve("data/var"), { recursive: true });
  const out = mkdtempSync(resolve("data/var/soak-"));
  const config = join(out, "tsconfig.json");
  writeFileSync(
    config,
    JSON.stringify({
      extends: resolve("tsconfig.build.json"),
      compilerOptions: {
        rootDir: resolve("."),
        outDir: out,
        noEmitOnError: false,
        declaration: false,
        sourceMap: false,
        noCheck: true,
      },
      include: rooms.map((room) => `${resolve(room)}/**/*.ts`),
      exclude: [],
    }),
  );
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  writeFileSync(join(out, "package.json"), JSON.stringify({ name: "portrait", version, type: "module" }));
  try {
    execFileSync(process.execPath, [resolve("node_modules/typescript/bin/tsc"), "-p", config], { stdio: "pipe" });
  } catch {
    // what does not compile elsewhere is no business of the soak; what it needs it finds missing itself
  }
  return {
    file: (source) => join(out, source.replace(/\.ts$/, ".js")),
    remove: () => rmSync(out, { recursive: true, force: true }),
  };
}
