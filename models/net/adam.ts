import { LAYER_NAMES, type Layers } from "./net-model.ts";

const MEAN = 0.9;
const SQUARE = 0.999;
const EPSILON = 1e-8;

/** Layers whose weights are pulled towards zero; biases are free. */
const DECAYING: ReadonlySet<string> = new Set(["w1", "w2", "w3", "straight"]);

/** Adam (Kingma & Ba 2015) with decoupled decay (Loshchilov & Hutter 2019): moves `layers` in place. */
export function createAdam(layers: Layers, decay: number) {
  const slots = LAYER_NAMES.map((name) => ({
    weights: layers[name],
    mean: new Float32Array(layers[name].length),
    square: new Float32Array(layers[name].length),
    decay: DECAYING.has(name) ? decay : 0,
  }));
  let steps = 0;
  return {
    /** One step against `gradients`, which are in the order of LAYER_NAMES. */
    step(gradients: readonly Float32Array[], rate: number): void {
      steps++;
      const size = (rate * Math.sqrt(1 - SQUARE ** steps)) / (1 - MEAN ** steps);
      slots.forEach(({ weights, mean, square, decay }, k) => {
        const gradient = gradients[k];
        for (let i = 0; i < weights.length; i++) {
          const g = gradient[i];
          mean[i] = MEAN * mean[i] + (1 - MEAN) * g;
          square[i] = SQUARE * square[i] + (1 - SQUARE) * g * g;
          weights[i] -= (size * mean[i]) / (Math.sqrt(square[i]) + EPSILON) + rate * decay * weights[i];
        }
      });
    },
  };
}
