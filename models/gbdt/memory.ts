import { TRAIN } from "./kernel-bytes.ts";
import { bind, compile, createWasmMemory, type WasmMemory, type WasmModule } from "./wasm.ts";

/** The page that driver and kernels share (kernels/plan.ts): the same names in the same order, four bytes each … */
const WORDS = [
  "turn",
  "done",
  "phase",
  "threads",
  "rows",
  "columns",
  "wide",
  "tasks",
  "bins",
  "binColumns",
  "margin",
  "label",
  "weight",
  "gradients",
  "order",
  "spare",
  "totals",
  "ranges",
  "taskTable",
  "slots",
  "slotBytes",
  "local",
  "localBytes",
  "found",
  "binCounts",
  "categorical",
  "monotone",
  "chosen",
  "cuts",
  "scratch",
  "scratchBytes",
  "wave",
  "sample",
  "maxCuts",
  "roundKey",
  "sampleKey",
  "sampleBelow",
  "chooseBins",
  "chooseMargin",
  "chooseRows",
  "tree",
  "general",
] as const;
/** … then eight bytes each. */
const NUMBERS = [
  "scaleG",
  "scaleH",
  "l2",
  "l1",
  "minWeight",
  "categoryL2",
  "categorySmooth",
  "categoryMinWeight",
] as const;

const PLAN = 4096;
const WORD_AT = new Map<string, number>(WORDS.map((name, i) => [name, (PLAN >> 2) + i]));
const NUMBERS_AT = PLAN + ((WORDS.length * 4 + 7) & ~7);

type Word = (typeof WORDS)[number];
type Numeral = (typeof NUMBERS)[number];

/** Words of the page by which threads keep in step (crew.ts). */
export const TURN = PLAN >> 2;
export const DONE = TURN + 1;
export const ASKED = TURN + 2;
/** Not 0 when a follower could not do its share; the last word of the page, which the kernels do not use. */
export const FAILED = TURN + 255;

export const PHASE = {
  stop: 0,
  bin: 1,
  turn: 2,
  gradients: 3,
  histograms: 4,
  search: 5,
  part: 6,
  pay: 7,
  payRest: 8,
  payChoosing: 9,
};

export const TASK_BYTES = 352;
export const TASK_GOES_LEFT = 96;
/** Tasks in one histogram phase: what the threads' own histograms have room for. */
export const BATCH = 16;
/** Tasks in one paying phase. */
export const TASKS = 64;
/** Rows looked at to find the cuts of a column. */
const SAMPLE = 131_072;

/** What a training needs to know before it can lay out its memory. */
export interface Shape {
  readonly rows: number;
  readonly columns: number;
  readonly wide: number;
  readonly chooseRows: number;
  readonly threads: number;
  readonly slots: number;
  readonly nodes: number;
  readonly weighted: boolean;
}

interface Kernels {
  work(phase: number, thread: number): void;
  binValues(values: number, count: number, cuts: number, out: number): void;
}

/** The memory of one training, laid out, with the kernels bound to it. */
export interface Memory {
  readonly shape: Shape;
  readonly module: WasmModule;
  readonly memory: WasmMemory;
  readonly kernels: Kernels;
  readonly bytes: Uint8Array;
  readonly i32: Int32Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
  get(name: Word): number;
  set(name: Word, value: number): void;
  setNumber(name: Numeral, value: number): void;
}

let compiled: WasmModule | undefined;
/** The training kernels, compiled at the first training of the process. */
export const trainModule = (): WasmModule => {
  compiled ??= compile(TRAIN);
  return compiled;
};

/**
 * Lays out the memory of one training.
 *
 * Bytes: 2 a cell (bins by row and by column), 24 a row (28 with weights), 1 a cell of the choosing rows,
 * and for each of `slots` histograms 2,048 a wide column and 256 a narrow one.
 *
 * @throws RangeError when it would take more than the 4 GiB that WebAssembly can address, or than the machine gives.
 */
export function createMemory(shape: Shape): Memory {
  const { rows, columns, wide, chooseRows, threads, slots, nodes, weighted } = shape;
  const padded = (rows + 7) & ~7;
  const sample = Math.min(rows, SAMPLE);
  const slotBytes = Math.max(wide * 2048 + (columns - wide) * 256, 64);
  const scratchBytes = align(4 * rows + 8 * sample + 3 * 8192 + 16);
  const at = new Map<Word, number>();
  let next = PLAN + 1024;
  const take = (name: Word, bytes: number) => {
    at.set(name, next);
    next = align(next + bytes);
  };
  take("totals", 1024 + 4096 * threads);
  take("wave", 4 * threads);
  take("ranges", 8 * threads * (nodes + 2));
  take("taskTable", TASKS * TASK_BYTES);
  take("found", BATCH * 2 * columns * 64);
  take("binCounts", 4 * columns);
  take("categorical", columns);
  take("monotone", columns);
  take("chosen", columns);
  take("cuts", 1024 * columns);
  take("tree", 48 * (nodes + 2));
  take("bins", rows * columns + 64);
  take("binColumns", rows * columns + 64);
  take("margin", 4 * padded);
  take("label", 4 * padded);
  if (weighted) take("weight", 4 * padded);
  // Binning is over before the first gradient, so both live in the same place.
  const shared = next;
  take("gradients", 8 * padded);
  take("order", 4 * padded + 64);
  take("spare", 4 * padded + 64);
  at.set("scratch", shared);
  next = Math.max(next, align(shared + scratchBytes * threads));
  take("slots", slotBytes * slots);
  if (threads > 1) take("local", threads * BATCH * slotBytes);
  take("chooseBins", chooseRows * columns + 64);
  take("chooseMargin", 4 * chooseRows + 64);

  const pages = Math.ceil(next / 65_536) + 1;
  if (pages > 65_536)
    throw new RangeError(
      `gbdt: ${rows} rows of ${columns} columns need ${(next / 2 ** 30).toFixed(1)} GiB, and 4 GiB is all that can be addressed; take fewer rows, columns or leaves`,
    );
  const module = trainModule();
  const memory = room(pages);
  const { buffer } = memory;
  const words = new Uint32Array(buffer);
  const f64 = new Float64Array(buffer);
  const set = (name: Word, value: number) => {
    words[WORD_AT.get(name) as number] = value;
  };
  for (const [name, address] of at) set(name, address);
  const facts = {
    threads,
    rows,
    columns,
    wide,
    chooseRows,
    slotBytes,
    scratchBytes,
    sample,
    localBytes: BATCH * slotBytes,
  };
  for (const [name, value] of Object.entries(facts)) set(name as Word, value);
  return {
    shape,
    module,
    memory,
    kernels: bind<Kernels>(module, memory),
    bytes: new Uint8Array(buffer),
    i32: new Int32Array(buffer),
    f32: new Float32Array(buffer),
    f64,
    get: (name) => words[WORD_AT.get(name) as number],
    set,
    setNumber: (name, value) => {
      f64[(NUMBERS_AT >> 3) + NUMBERS.indexOf(name)] = value;
    },
  };
}

function room(pages: number): WasmMemory {
  try {
    return createWasmMemory(pages, true);
  } catch (cause) {
    throw new RangeError(
      `gbdt: ${Math.ceil(pages / 16)} MiB in one piece are wanted, and this machine does not give them; take fewer rows, columns or leaves`,
      { cause },
    );
  }
}

const align = (bytes: number) => Math.ceil(bytes / 64) * 64;
