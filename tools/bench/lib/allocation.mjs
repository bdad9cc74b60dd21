// Bytes allocated on V8's heap per packet.
import { PerformanceObserver } from 'node:perf_hooks';
import v8 from 'node:v8';
import { sourceOf } from './profile.mjs';

/** A young generation so large that a million packets fit in without a collection. */
export const ALLOCATION_FLAGS = ['--expose-gc', '--min-semi-space-size=1024', '--max-semi-space-size=1024'];

/**
 * Difference of the heap's used size around at least `packets` packets during which nothing was collected; when
 * something was, half the packets are tried, down to a sixteenth. Must run under {@link ALLOCATION_FLAGS}. Node and V8
 * allocate some 0.4 MB of their own meanwhile, which is what 16 M packets show as 0.03 bytes.
 *
 * @param {(ms: number) => number} run returns how many packets it moved
 * @param {number} packets
 */
export async function allocatedPerPacket(run, packets) {
  let collections = 0;
  const observer = new PerformanceObserver((list) => (collections += list.getEntries().length));
  observer.observe({ entryTypes: ['gc'] });
  const settle = () => new Promise((resolve) => setTimeout(resolve, 20)); // lets the observer hear of collections
  run(300);
  for (let wanted = packets; wanted >= packets / 16; wanted /= 2) {
    globalThis.gc?.();
    await settle();
    collections = 0;
    const before = v8.getHeapStatistics();
    let moved = 0;
    while (moved < wanted) moved += run(10);
    const after = v8.getHeapStatistics();
    await settle();
    if (collections > 0) continue;
    observer.disconnect();
    return {
      packets: moved,
      bytesPerPacket: (after.used_heap_size - before.used_heap_size) / moved,
      externalBytesPerPacket: (after.external_memory - before.external_memory) / moved,
    };
  }
  observer.disconnect();
  return { packets: 0, bytesPerPacket: NaN, externalBytesPerPacket: NaN };
}

/**
 * Who allocates: V8's sampling heap profiler, objects already collected included.
 *
 * @param {(method: string, params?: object) => Promise<any>} post
 * @param {(ms: number) => number} run
 * @param {number} packets
 * @param {object} map
 */
export async function sampledAllocations(post, run, packets, map) {
  const source = sourceOf(map);
  await post('HeapProfiler.enable');
  await post('HeapProfiler.startSampling', {
    samplingInterval: 4096,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  let moved = 0;
  while (moved < packets) moved += run(10);
  const { profile } = await post('HeapProfiler.stopSampling');
  await post('HeapProfiler.disable');

  /** @type {Map<string, { name: string, file: string, bytes: number }>} */
  const byFunction = new Map();
  /** @param {any} node */
  const visit = (node) => {
    const { functionName, url, lineNumber, columnNumber } = node.callFrame;
    const ofBundle = url.startsWith('file:') && !url.endsWith('/worker.mjs') && !url.endsWith('/allocation.mjs');
    if (ofBundle && node.selfSize > 0) {
      const { file } = source(lineNumber, columnNumber);
      const key = `${functionName} ${file}`;
      const entry = byFunction.get(key) ?? { name: functionName || '(anonymous)', file, bytes: 0 };
      entry.bytes += node.selfSize / moved;
      byFunction.set(key, entry);
    }
    for (const child of node.children) visit(child);
  };
  visit(profile.head);
  return [...byFunction.values()].sort((a, b) => b.bytes - a.bytes);
}
