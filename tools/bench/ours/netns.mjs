/**
 * `node --expose-gc netns.bundle.mjs COUNT BATCH`: namespaces made, given devices and destroyed, BATCH at a time, by the lines that the
 * kernel's side gives to its own `ip -batch`. Prints what it took as JSON.
 */
import { createNet } from 'skbuff';
import { creationLines, deletionLines } from '../lib/netns-lines.mjs';

const [count, batch] = process.argv.slice(2).map(Number);
const net = createNet();
const host = net.host('bench');
const namespaces = net.kernel.netns.list.length;

/** @param {string[]} lines */
async function ip(lines) {
  const pieces = [new TextEncoder().encode(`${lines.join('\n')}\n`)];
  const stdin = () => Promise.resolve(pieces.pop() ?? new Uint8Array(0));
  const { code, stderr } = await host.start(['ip', '-batch', '-'], { stdin, stdout() {}, stderr() {} }).done;
  if (code !== 0) throw new Error(`ip -batch: ${stderr}`);
}

/** Bytes on the heap and in array buffers, once garbage is gone. */
function heap() {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const heaps = [];
let create = 0;
let destroy = 0;
let alive = 0;
for (let from = 0; from < count; from += batch) {
  const to = Math.min(count, from + batch);
  const began = performance.now();
  await ip(creationLines(from, to));
  const made = performance.now();
  alive = Math.max(alive, net.kernel.netns.list.length - namespaces);
  await ip(deletionLines(from, to));
  await net.advance(2000);
  destroy += performance.now() - made;
  create += made - began;
  const left = net.kernel.netns.list.length - namespaces;
  const devices = host.ns.devList.length;
  if (left !== 0 || devices !== 1) throw new Error(`after ${to}: ${left} namespaces and ${devices - 1} devices are left`);
  heaps.push(heap());
}
const leaks = net.close();
process.stdout.write(JSON.stringify({ count, batch, alive, ms: { create, destroy }, heaps, peakRss: process.resourceUsage().maxRSS * 1024, leaks }));
