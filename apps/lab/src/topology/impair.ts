import { child, compact, fields, list, number, type Context, type Fields } from './context.ts';
import type { DownTime, ImpairStep, Impairment } from './model.ts';
import { formatDuration, parseDuration, parsePercent, parseRate } from './units.ts';

/** `impair` of a link as a schedule; one map is a schedule of one step at 0. */
export function resolveImpair(context: Context, value: unknown, pointer: string): ImpairStep[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return [{ atNs: 0, ...impairment(context, fields(value), pointer) }];
  const steps = value.map((step: unknown, i) => {
    const spot = child(pointer, i);
    return { spot, atNs: parseDuration(fields(step)['at']), rest: impairment(context, fields(step), spot) };
  });
  let last = -1;
  return steps.flatMap(({ spot, atNs, rest }) => {
    if (atNs === undefined) return [];
    if (atNs <= last) {
      context.error(child(spot, 'at'), { message: 'the steps of a schedule must follow each other', found: formatDuration(atNs), expected: `later than ${formatDuration(last)}` });
    }
    last = atNs;
    return { atNs, ...rest };
  });
}

function impairment(context: Context, map: Fields, pointer: string): Impairment {
  const result = compact<Impairment>({
    delayNs: parseDuration(map['delay']),
    jitterNs: parseDuration(map['jitter']),
    loss: parsePercent(map['loss']),
    duplicate: parsePercent(map['duplicate']),
    reorder: parsePercent(map['reorder']),
    corrupt: parsePercent(map['corrupt']),
    rate: parseRate(map['rate']),
    seed: number(map['seed']),
  });
  if (map['delay'] === undefined) needsDelay(context, map, pointer);
  return result;
}

/** As tc-netem and containerlab have it: without a delay there is nothing to vary and nothing to overtake. */
function needsDelay(context: Context, map: Fields, pointer: string): void {
  for (const key of ['jitter', 'reorder']) {
    if (map[key] === undefined) continue;
    context.error(child(pointer, key), { message: `\`${key}\` needs \`delay\``, expected: 'a delay beside it', hint: 'add delay: 10ms' }, 'key');
  }
}

/** `[10s, 12s]`, `[10s, 12s, 20s, 21s]` or `[[10s, 12s], [20s, 21s]]`. */
export function resolveDown(context: Context, value: unknown, pointer: string): DownTime[] {
  const flat = list(value).flatMap((item, i) => {
    const spot = child(pointer, i);
    return Array.isArray(item) ? item.map((v: unknown, j) => ({ ns: parseDuration(v), spot: child(spot, j) })) : { ns: parseDuration(item), spot };
  });
  // Too short a list has been reported by the schema.
  if (flat.length < 2 || flat.some((f) => f.ns === undefined)) return [];
  const nested = list(value).filter((item) => Array.isArray(item)).length;
  if (flat.length % 2 !== 0 || (nested > 0 && nested < list(value).length)) {
    context.error(pointer, { message: '`down` does not consist of pairs', found: `a list of ${flat.length}`, expected: 'pairs of from and to, such as [10s, 12s]' });
    return [];
  }
  return pairs(context, flat as { ns: number; spot: string }[]);
}

function pairs(context: Context, flat: readonly { ns: number; spot: string }[]): DownTime[] {
  for (let i = 1; i < flat.length; i++) {
    const [before, now] = [flat[i - 1]!, flat[i]!];
    if (now.ns > before.ns) continue;
    context.error(now.spot, { message: 'the times of `down` must follow each other', found: formatDuration(now.ns), expected: `later than ${formatDuration(before.ns)}` });
    return [];
  }
  return flat.flatMap((f, i) => (i % 2 === 0 ? { fromNs: f.ns, toNs: flat[i + 1]!.ns } : []));
}
