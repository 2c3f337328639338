import { createRequire } from "node:module";
import type { DuckDBConnection } from "@duckdb/node-api";

/**
 * What is called of DuckDB's binding, below its client. The client's vectors ask six questions of each column, one of
 * them for its type; here the reader knows what it asked for, and two will do.
 */
interface Binding {
  fetch_chunk(result: object): Promise<object | null>;
  data_chunk_get_size(chunk: object): number;
  data_chunk_get_vector(chunk: object, column: number): object;
  vector_size(): number;
  vector_get_data(vector: object, bytes: number): Uint8Array;
  vector_get_validity(vector: object, bytes: number): Uint8Array | null;
  get_data_from_pointer(holder: ArrayBufferLike, offset: number, bytes: number): Uint8Array;
}

/** The one that the client stands on, wherever it was installed. */
const client = createRequire(createRequire(import.meta.url).resolve("@duckdb/node-api"));
const binding = client("@duckdb/node-bindings") as Binding;

/** No chunk has more rows. */
export const MOST_ROWS = binding.vector_size();

/**
 * Rows of a result, at most 2,048. Long texts lie in its memory: who reads them keeps the chunk.
 *
 * Nothing tells of which type a column is, so a question casts each to the type as which it is read: of another one the
 * memory would be misread, or read beyond its end.
 */
export class Chunk {
  readonly rows: number;
  readonly #memory: object;

  constructor(memory: object, rows: number) {
    this.#memory = memory;
    this.rows = rows;
  }

  /** A column of DOUBLE. */
  doubles(column: number): Float64Array {
    const { buffer, byteOffset } = this.data(column, 8);
    return new Float64Array(buffer, byteOffset, this.rows);
  }

  /** A column of INTEGER. */
  integers(column: number): Int32Array {
    const { buffer, byteOffset } = this.data(column, 4);
    return new Int32Array(buffer, byteOffset, this.rows);
  }

  /** The memory of a column of which a row takes `width` bytes. */
  data(column: number, width: number): Uint8Array {
    return binding.vector_get_data(binding.data_chunk_get_vector(this.#memory, column), width * this.rows);
  }

  /** A bit a row, set where there is a value; undefined = everywhere. */
  valid(column: number): Uint8Array | undefined {
    const bytes = 8 * Math.ceil(this.rows / 64);
    return binding.vector_get_validity(binding.data_chunk_get_vector(this.#memory, column), bytes) ?? undefined;
  }

  /** What a pointer points to that stands `offset` bytes into `holder`, a column of this chunk. */
  pointedTo(holder: Uint8Array, offset: number, bytes: number): Buffer {
    const { buffer, byteOffset, byteLength } = binding.get_data_from_pointer(
      holder.buffer,
      holder.byteOffset + offset,
      bytes,
    );
    return Buffer.from(buffer, byteOffset, byteLength);
  }
}

/** The rows of a question. While a chunk is looked at, the next one is made on another thread. */
export async function* chunksOf(connection: DuckDBConnection, sql: string): AsyncGenerator<Chunk> {
  const { result } = (await connection.stream(sql)) as unknown as { readonly result: object };
  let next = binding.fetch_chunk(result);
  try {
    for (;;) {
      const memory = await next;
      const rows = memory === null ? 0 : binding.data_chunk_get_size(memory);
      if (memory === null || rows === 0) return;
      next = binding.fetch_chunk(result);
      next.catch(() => undefined); // it is thrown when the chunk is asked for
      yield new Chunk(memory, rows);
    }
  } finally {
    await next.catch(() => undefined); // nobody closes a connection that is still at work
  }
}
