/**
 * Exact TreeSHAP by quadrature.
 *
 * The Shapley value of a feature for one leaf is ∫₀¹ Π over the other features j of the path of (z_j (1 − t) + o_j t) dt,
 * times (o − z) and the leaf's value: z is the share of training rows that the path keeps at the splits on that feature, o is 1
 * when the row itself stays on the path there, else 0. The integrand is a polynomial, so Gauss–Legendre with q points is
 * exact for up to 2q features on a path; four points are worked at once in the lanes of a vector, `GROUP` says which four.
 *
 * A node is 32 bytes {z f32, where its column's sums stand, the node above on the same column (−1: none), offset of the value
 * it compares (−1: leaf), threshold or leaf value f32, left, right, whether the row came this way}, then for each group
 * 16 bytes: (1 − z) / (z (1 − t) + t).
 */
let BASE: usize;
let V: usize;
let SUMS: usize;
/** t, 1 − t, weights, −1 / (1 − t): four vectors. */
let POINTS: usize;
let GROUP: usize;

@inline
function factor(node: usize, on: u32): v128 {
  const cold = f32x4.mul(v128.load(POINTS, 16), v128.load32_splat(node));
  return on ? f32x4.add(cold, v128.load(POINTS)) : cold;
}

@inline
function pull(node: usize, on: u32): v128 {
  return on ? v128.load(node + GROUP) : v128.load(POINTS, 48);
}

function below(node: usize, product: v128): v128 {
  const offset = load<i32>(node, 12);
  if (offset < 0) return f32x4.mul(f32x4.mul(product, v128.load(POINTS, 32)), v128.load32_splat(node, 16));
  const goes = <u32>(load<f32>(V + offset) < load<f32>(node, 16));
  return f32x4.add(edge(BASE + load<u32>(node, 20), product, goes), edge(BASE + load<u32>(node, 24), product, goes ^ 1));
}

function edge(node: usize, product: v128, on: u32): v128 {
  const before = load<i32>(node, 8);
  let share: v128;
  if (before >= 0) {
    const above = BASE + before;
    const was = load<u32>(above, 28);
    on &= was;
    product = f32x4.div(product, factor(above, was));
    share = f32x4.sub(pull(node, on), pull(above, was));
  } else share = pull(node, on);
  store<u32>(node, on, 28);
  const sum = below(node, f32x4.mul(product, factor(node, on)));
  const at = SUMS + load<u32>(node, 4);
  v128.store(at, f32x4.add(v128.load(at), f32x4.mul(sum, share)));
  return sum;
}

/** Adds the contributions of `trees` trees, for one group of four points, to a vector a column in `sums`. */
export function reasons(nodes: usize, roots: usize, trees: i32, v: usize, sums: usize, points: usize, group: i32): void {
  BASE = nodes;
  V = v;
  SUMS = sums;
  POINTS = points + (<usize>group << 6);
  GROUP = 32 + (<usize>group << 4);
  for (let t = 0; t < trees; t++) below(nodes + load<u32>(roots + (<usize>t << 2)), f32x4.splat(1));
}
