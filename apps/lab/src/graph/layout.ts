/**
 * Places for nodes (Fruchterman and Reingold 1991: links are springs, nodes push each other away), turned so that the drawing is wider
 * than high. No chance in it: the same lab is drawn the same way every time.
 */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Steps times pairs that a drawing may cost: a lab of a thousand nodes is drawn in seconds. */
const BUDGET = 4e7;

const NEAREST = 0.55;

/** Places of `count` nodes; a link has about the length 1. */
export function layout(count: number, links: readonly (readonly [a: number, b: number])[]): Point[] {
  // Not quite a circle, or what is symmetric could not fall to a side.
  const xs = Array.from({ length: count }, (_, i) => Math.cos((2 * Math.PI * i) / count) * Math.sqrt(count) * (1 + 0.01 * i));
  const ys = Array.from({ length: count }, (_, i) => Math.sin((2 * Math.PI * i) / count) * Math.sqrt(count));
  const steps = Math.max(10, Math.min(400, Math.floor(BUDGET / Math.max(1, count * count))));
  for (let step = 0; step < steps; step++) move(xs, ys, links, Math.sqrt(count) * 0.3 * (1 - step / steps));
  return scaled(turned(xs, ys), links);
}

function move(xs: number[], ys: number[], links: readonly (readonly [number, number])[], heat: number): void {
  const count = xs.length;
  const dx = new Float64Array(count);
  const dy = new Float64Array(count);
  const push = (i: number, j: number, force: (distance: number) => number): void => {
    const [x, y] = [(xs[i] as number) - (xs[j] as number), (ys[i] as number) - (ys[j] as number)];
    const distance = Math.max(0.01, Math.hypot(x, y));
    const f = force(distance) / distance;
    dx[i] = (dx[i] as number) + x * f;
    dy[i] = (dy[i] as number) + y * f;
    dx[j] = (dx[j] as number) - x * f;
    dy[j] = (dy[j] as number) - y * f;
  };
  for (let i = 0; i < count; i++) for (let j = 0; j < i; j++) push(i, j, (d) => 1 / d);
  for (const [a, b] of links) if (a !== b) push(a, b, (d) => -d * d);
  for (let i = 0; i < count; i++) {
    const length = Math.hypot(dx[i] as number, dy[i] as number);
    if (length === 0) continue;
    const go = Math.min(length, heat) / length;
    xs[i] = (xs[i] as number) + (dx[i] as number) * go;
    ys[i] = (ys[i] as number) + (dy[i] as number) * go;
  }
}

/** A link is as long as 1 on average, and no two nodes are nearer than {@link NEAREST}. */
function scaled(points: readonly Point[], links: readonly (readonly [number, number])[]): Point[] {
  const distance = (a: number, b: number): number => Math.hypot((points[a] as Point).x - (points[b] as Point).x, (points[a] as Point).y - (points[b] as Point).y);
  const lengths = links.filter(([a, b]) => a !== b).map(([a, b]) => distance(a, b));
  const mean = lengths.length === 0 ? 1 : lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  let nearest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < points.length; i++) for (let j = 0; j < i; j++) nearest = Math.min(nearest, distance(i, j));
  // Where two nodes fell onto each other, no scale parts them.
  const factor = Math.max(1 / mean, Math.min(4 / mean, NEAREST / nearest));
  return points.map(({ x, y }) => ({ x: x * factor, y: y * factor }));
}

/** The longest extent lies level, the first node on the left. */
function turned(xs: readonly number[], ys: readonly number[]): Point[] {
  const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / Math.max(1, values.length);
  const [mx, my] = [mean(xs), mean(ys)];
  let [xx, yy, xy] = [0, 0, 0];
  for (const [i, x] of xs.entries()) {
    const [u, v] = [x - mx, (ys[i] as number) - my];
    xx += u * u;
    yy += v * v;
    xy += u * v;
  }
  const angle = 0.5 * Math.atan2(2 * xy, xx - yy);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const points = xs.map((x, i) => ({ x: (x - mx) * cos + ((ys[i] as number) - my) * sin, y: ((ys[i] as number) - my) * cos - (x - mx) * sin }));
  return (points[0]?.x ?? 0) > 0 ? points.map(({ x, y }) => ({ x: -x, y: -y })) : points;
}
