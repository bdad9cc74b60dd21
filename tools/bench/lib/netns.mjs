// `bench netns`: namespaces created and destroyed, with devices that move about; and that nothing of them is left.
import { join } from 'node:path';
import { bundleWith } from './bundle.mjs';
import { inNamespaces } from './in-namespaces.mjs';
import { creationLines, deletionLines } from './netns-lines.mjs';
import { pinned, run } from './process.mjs';
import { table } from './table.mjs';

const COUNT = 10_000;
const BATCH = 500;
/** The kernel waits for grace periods at every move of a device: tens of milliseconds each, so one batch will do. */
const KERNEL_COUNT = BATCH;
/** The heap after the last batch over that after the middle one: what is compiled meanwhile takes a little. */
const FLAT = 1.02;

/**
 * The last namespace to be deleted has a veth whose other end stays here: when that one is gone, the worker has been through with all.
 *
 * @param {number | undefined} core
 */
function kernelNetns(core) {
  const files = {
    create: [...creationLines(0, KERNEL_COUNT), 'netns add last', 'link add witness type veth peer name far', 'link set far netns last'].join('\n'),
    delete: [...deletionLines(0, KERNEL_COUNT), 'netns del last'].join('\n'),
  };
  return inNamespaces(files, `
a=$(now); ip -batch create
b=$(now); ip -batch delete; while [ -e /sys/class/net/witness ] || ip link show witness > /dev/null 2>&1; do sleep 0.01; done
c=$(now); echo "{ \\"create\\": $(((b - a) / 1000)), \\"destroy\\": $(((c - b) / 1000)), \\"left\\": $(ip -o link show type veth | wc -l) }"
`, core);
}

/** @param {import('./bench.mjs').Context} context */
export async function netns({ entry, kernelMissing, core, directory }) {
  /** @type {Record<string, any>} */
  const result = {};
  const rows = [];
  const each = (/** @type {number} */ ms, /** @type {number} */ count) => `${(ms / count).toFixed(3)} ms`;
  if (entry !== undefined) {
    const bundle = await bundleWith(entry, join(directory, 'netns.bundle.mjs'));
    const ours = JSON.parse(await run(pinned(core, [process.execPath, '--expose-gc', bundle, String(COUNT), String(BATCH)])));
    if (Object.keys(ours.leaks).length > 0) throw new Error(`leaks: ${JSON.stringify(ours.leaks)}`);
    const [middle, last] = [ours.heaps[ours.heaps.length >> 1], ours.heaps[ours.heaps.length - 1]];
    if (last > middle * FLAT) throw new Error(`the heap grows: ${ours.heaps.join(' ')}`);
    result.ours = ours;
    rows.push(['ours', String(COUNT), each(ours.ms.create, COUNT), each(ours.ms.destroy, COUNT), each(ours.ms.create + ours.ms.destroy, COUNT)]);
  }
  if (kernelMissing === undefined) {
    const kernel = await kernelNetns(core);
    result.kernel = kernel;
    const [create, destroy] = [kernel.create / 1000, kernel.destroy / 1000];
    rows.push(['the kernel', String(KERNEL_COUNT), each(create, KERNEL_COUNT), each(destroy, KERNEL_COUNT), each(create + destroy, KERNEL_COUNT)]);
  }
  console.log(`\nNamespaces with a veth pair each, both ends moved into one, an address; made and deleted ${BATCH} at a time by the same lines\n`);
  console.log(table(['', 'namespaces', 'creation', 'destruction', 'together'], rows));
  if (result.ours !== undefined) {
    const { heaps, peakRss } = result.ours;
    const mib = (/** @type {number} */ bytes) => (bytes / 2 ** 20).toFixed(2);
    console.log(`\nours: heap after ${BATCH} namespaces ${mib(heaps[0])} MiB, after ${COUNT / 2} ${mib(heaps[heaps.length >> 1])}, after ${COUNT} ${mib(heaps[heaps.length - 1])}; peak RSS ${mib(peakRss)} MiB; kernel.shutdown() finds nothing left`);
  }
  return result;
}
