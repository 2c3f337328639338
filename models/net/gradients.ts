import type { Dataset } from "../model.ts";
import type { Random } from "../random.ts";
import type { TensorFlow } from "./backend.ts";
import type { Layers } from "./net-model.ts";

/**
 * The gradient of the mean log loss of a batch of rows towards every layer: the way forward in matrices, and the chain
 * rule backwards (Rumelhart, Hinton & Williams 1986), written out, because the engine's own costs three times as many
 * small steps. No tensor outlives a call.
 */
export function createGradients(tf: TensorFlow, layers: Layers, batch: number) {
  const { width, first, second } = layers;
  const x = new Float32Array(batch * width);
  const mask = new Float32Array(batch * first);
  const label = new Float32Array(batch);
  const weight = new Float32Array(batch);

  return {
    /** Lays out the rows of the next step; a unit that is left out of a row makes the others count for more. */
    take(rows: Uint32Array, places: Float32Array, data: Dataset, dropout: number, random: Random): void {
      let total = 0;
      for (const row of rows) total += data.weight ? data.weight[row] : 1;
      rows.forEach((row, i) => {
        x.set(places.subarray(row * width, (row + 1) * width), i * width);
        label[i] = data.label[row];
        weight[i] = (data.weight ? data.weight[row] : 1) / total;
      });
      const kept = 1 / (1 - dropout);
      for (let i = 0; i < mask.length; i++) mask[i] = dropout === 0 || random.next() >= dropout ? kept : 0;
    },

    /** In the order of LAYER_NAMES. */
    make(): Float32Array[] {
      const made = tf.tidy(() => {
        const rows = tf.tensor2d(x, [batch, width]);
        const keep = tf.tensor2d(mask, [batch, first]);
        const w2 = tf.tensor2d(layers.w2, [first, second]);
        const w3 = tf.tensor2d(layers.w3, [second, 1]);
        const z1 = tf.matMul(rows, tf.tensor2d(layers.w1, [width, first])).add(tf.tensor1d(layers.b1));
        const a1 = tf.relu(z1).mul(keep);
        const z2 = tf.matMul(a1, w2).add(tf.tensor1d(layers.b2));
        const a2 = tf.relu(z2);
        const margin = tf.matMul(a2, w3).add(tf.matMul(rows, tf.tensor2d(layers.straight, [width, 1])));
        const said = tf.sigmoid(margin.add(tf.scalar(layers.b3[0])));
        const pull = said.sub(tf.tensor2d(label, [batch, 1])).mul(tf.tensor2d(weight, [batch, 1]));
        const pull2 = tf.matMul(pull, w3, false, true).mul(tf.cast(tf.greater(z2, 0), "float32"));
        const pull1 = tf
          .matMul(pull2, w2, false, true)
          .mul(keep)
          .mul(tf.cast(tf.greater(z1, 0), "float32"));
        return [
          tf.matMul(rows, pull1, true),
          tf.sum(pull1, 0),
          tf.matMul(a1, pull2, true),
          tf.sum(pull2, 0),
          tf.matMul(a2, pull, true),
          tf.matMul(rows, pull, true),
          tf.sum(pull),
        ];
      });
      const gradients = made.map((tensor) => tensor.dataSync() as Float32Array);
      tf.dispose(made);
      return gradients;
    },
  };
}
