/** WebAssembly as it is used here, said in types: the language library of this project names no browser. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer | SharedArrayBuffer;
  grow(pages: number): number;
}

/** A compiled module; opaque, and may be posted to another thread. */
export type WasmModule = object;

interface WasmNamespace {
  readonly Memory: new (size: { initial: number; maximum?: number; shared?: boolean }) => WasmMemory;
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (module: WasmModule, imports: object) => { readonly exports: unknown };
}

const wasm = (globalThis as unknown as { WebAssembly: WasmNamespace }).WebAssembly;

export const createWasmMemory = (initial: number, shared = false): WasmMemory =>
  new wasm.Memory(shared ? { initial, maximum: initial, shared } : { initial });

/** Compiles base64 text. Cost: about a millisecond; keep the module. */
export const compile = (base64: string): WasmModule => new wasm.Module(Buffer.from(base64, "base64"));

/** The exports of a kernel that imports its memory. */
export function bind<Kernels>(module: WasmModule, memory: WasmMemory): Kernels {
  const abort = () => {
    throw new Error("a gbdt kernel stopped");
  };
  return new wasm.Instance(module, { env: { memory, abort } }).exports as Kernels;
}
