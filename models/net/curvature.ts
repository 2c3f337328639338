import type { Design } from "../prepare/design.ts";
import type { TensorFlow } from "./backend.ts";

/** Makes Xᵀ · diag(w) · X, again and again for other weights. */
export interface Curvature {
  /** width × width, row-major. Chunks are summed in doubles, so their number does not blur the sum. */
  of(weight: Float64Array): Float64Array;
  /** What `of` answered last. */
  readonly latest: Float64Array | undefined;
  /** Gives the backend's memory back. */
  close(): void;
}

/** Rows that the backend multiplies at once: bounds its working memory, whatever the table. */
const CHUNK = 8192;
/** Up to here the rows stay in the backend between two calls; larger tables travel there each time. */
const KEPT_BYTES = 512 * 2 ** 20;

/**
 * The costly part of Newton's method, rows · width² multiplications in single precision, done by the backend.
 * The transposed rows are kept beside the rows: the WASM backend multiplies plain matrices several times faster than
 * transposed views. Memory: 8 bytes a row and place in the backend, at most 512 MB.
 */
export function createCurvature(tf: TensorFlow, { rows, width, x }: Design): Curvature {
  const chunk = (first: number) => {
    const count = Math.min(CHUNK, rows - first);
    const plain = tf.tensor2d(x.subarray(first * width, (first + count) * width), [count, width]);
    return { first, count, plain, turned: tf.transpose(plain) };
  };
  const firsts = Array.from({ length: Math.ceil(rows / CHUNK) }, (_, k) => k * CHUNK);
  let latest: Float64Array | undefined;
  const kept = 8 * rows * width <= KEPT_BYTES ? firsts.map(chunk) : undefined;

  return {
    of(weight) {
      const sum = new Float64Array(width * width);
      for (const [k, first] of firsts.entries()) {
        const product = tf.tidy(() => {
          const { count, plain, turned } = kept ? kept[k] : chunk(first);
          const weights = tf.tensor2d(Float32Array.from(weight.subarray(first, first + count)), [1, count]);
          return tf.matMul(turned.mul(weights), plain);
        });
        const part = product.dataSync();
        product.dispose();
        for (let i = 0; i < sum.length; i++) sum[i] += part[i];
      }
      latest = sum;
      return sum;
    },
    get latest() {
      return latest;
    },
    close() {
      for (const { plain, turned } of kept ?? []) tf.dispose([plain, turned]);
    },
  };
}
