/**
 * Solves `matrix · x = right` for a symmetric positive definite matrix by Cholesky's factorisation.
 *
 * `matrix` is n × n, row-major; only its lower triangle is read, and it is overwritten by the factor.
 * Answers undefined when the matrix is not positive definite to working precision. Cost: n³/6 multiplications.
 */
export function solvePositive(matrix: Float64Array, right: Float64Array): Float64Array | undefined {
  const n = right.length;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j];
      for (let k = 0; k < j; k++) sum -= matrix[i * n + k] * matrix[j * n + k];
      if (i !== j) matrix[i * n + j] = sum / matrix[j * n + j];
      else if (sum > 0) matrix[i * n + i] = Math.sqrt(sum);
      else return undefined;
    }
  }
  const x = Float64Array.from(right);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] -= matrix[i * n + k] * x[k];
    x[i] /= matrix[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] -= matrix[k * n + i] * x[k];
    x[i] /= matrix[i * n + i];
  }
  return x;
}
