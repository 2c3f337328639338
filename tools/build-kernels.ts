import { writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as asc from "assemblyscript/asc";

/**
 * Compiles models/gbdt/kernels/*.ts (AssemblyScript) and writes the bytes as text to models/gbdt/kernel-bytes.ts.
 *
 * The result is committed, so that a fresh clone trains without a build, from source and from dist alike;
 * test/models/gbdt/kernels.test.ts says when it is older than its source. Run: `npx tsx tools/build-kernels.ts`.
 */
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const TARGET = join(ROOT, "models/gbdt/kernel-bytes.ts");

const COMMON = [
  "-O3",
  "--noAssert",
  "--runtime",
  "stub",
  "--importMemory",
  "--enable",
  "simd",
  "--enable",
  "bulk-memory",
];
const KERNELS = {
  train: [...COMMON, "--enable", "threads", "--sharedMemory", "--initialMemory", "1", "--maximumMemory", "65536"],
  score: COMMON,
};

/** The compiled kernels by name. Throws with the compiler's own words when one does not compile. */
export async function compileKernels(): Promise<Record<string, Uint8Array>> {
  const compiled: Record<string, Uint8Array> = {};
  for (const [name, options] of Object.entries(KERNELS)) {
    const source = `models/gbdt/kernels/${name}.ts`;
    const { error, stderr } = await asc.main([source, "--baseDir", ROOT, "-o", "out.wasm", ...options], {
      writeFile: (_file, contents) => {
        compiled[name] = contents as Uint8Array;
      },
    });
    if (error) throw new Error(`${source} does not compile:\n${stderr.toString()}`, { cause: error });
  }
  return compiled;
}

/** The text of kernel-bytes.ts for these kernels. */
export function kernelText(kernels: Record<string, Uint8Array>): string {
  const lines = Object.entries(kernels).map(
    ([name, bytes]) => `export const ${name.toUpperCase()} =\n  "${Buffer.from(bytes).toString("base64")}";\n`,
  );
  return `/** Made by tools/build-kernels.ts from the AssemblyScript in kernels/: WebAssembly as base64. */\n${lines.join("\n")}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const kernels = await compileKernels();
  writeFileSync(TARGET, kernelText(kernels));
  for (const [name, bytes] of Object.entries(kernels)) console.log(`${name}: ${bytes.length} bytes of WebAssembly`);
}
