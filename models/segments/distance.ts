export function squaredDistance(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += (a[j] - b[j]) ** 2;
  return sum;
}

/** The nearest of some points; of equally near ones the first. */
export function nearest(
  point: readonly number[],
  points: readonly (readonly number[])[],
): { place: number; distance: number } {
  let place = -1;
  let least = Number.POSITIVE_INFINITY;
  points.forEach((other, i) => {
    const squared = squaredDistance(point, other);
    if (squared < least) {
      least = squared;
      place = i;
    }
  });
  return { place, distance: Math.sqrt(least) };
}
