/**
 * `node scale.bundle.mjs typed|file N`: a line of N routers, built by typed calls or from a topology file, and pings as far as a packet
 * lives, from every router at once. Prints what it took as JSON.
 */
import { createStackHost, parseTopologyOrThrow, setUp } from '@skbuff/cli';
import { ipv4Net } from '@skbuff/ipv4';
import { IPSTATS_MIB_OUTFORWDATAGRAMS } from '@skbuff/uapi';
import { createNet } from 'skbuff';
import { addressOf, FARTHEST, ipLines, routerOf, SYSCTLS } from '../lib/line.mjs';

/** @param {number} n */
function typed(n) {
  const net = createNet();
  const hosts = Array.from({ length: n }, (_, i) => net.host(`n${i}`));
  for (let i = 1; i < n; i++) net.link(hosts[i - 1], hosts[i], { a: { name: 'east' }, b: { name: 'west' } });
  hosts.forEach((host, i) => {
    for (const [name, value] of Object.entries(SYSCTLS)) host.sysctl(name, value);
    const { addresses, routes } = routerOf(i, n);
    for (const address of addresses) host.addr.add(address);
    for (const route of routes) host.route.add(route);
  });
  return { net, hosts };
}

/** @param {number} n */
function topologyText(n) {
  const sysctls = Object.entries(SYSCTLS).map(([name, value]) => `${name}: ${value}`).join(', ');
  const nodes = Array.from({ length: n }, (_, i) => `    n${i}: { exec: [${ipLines(i, n).map((line) => `ip ${line}`).join(', ')}] }`);
  const links = Array.from({ length: n - 1 }, (_, i) => `    - endpoints: ["n${i}:east", "n${i + 1}:west"]`);
  return [
    'name: line', 'topology:', '  defaults: { kind: linux }', `  kinds: { linux: { sysctls: { ${sysctls} } } }`, '  nodes:', ...nodes, '  links:', ...links, '',
  ].join('\n');
}

/** @param {number} n */
async function fromFile(n) {
  const topology = parseTopologyOrThrow(topologyText(n), { file: 'line.clab.yml' });
  const lab = createStackHost(topology, { seed: 1, realTime: false });
  const notes = await setUp(lab, topology);
  if (notes.length > 0) throw new Error(`exec: ${JSON.stringify(notes[0])}`);
  const { net } = lab;
  return { net, hosts: net.all };
}

const [how, count] = process.argv.slice(2);
const n = Number(count);
const began = performance.now();
const { net, hosts } = how === 'typed' ? typed(n) : await fromFile(n);
// Every interface tries its link-local address and tells its groups, all at once: the queue of a CPU is not long enough for pings in between.
await net.advance(3000);
const built = performance.now();

/** Every router at once asks the one that is `links` away, or as far as the line goes. @param {number} links */
async function pingAll(links) {
  const results = await Promise.all(hosts.map((host, i) => host.ping(addressOf(i + links < n ? i + links : Math.max(0, i - links)), { timeout: 10_000 })));
  return results.filter(({ replies }) => replies.length > 0).length;
}

const answered = await pingAll(Math.min(FARTHEST, n - 1));
const pinged = performance.now();

// From one end to the other, in steps as long as a packet lives; and one link more than that, which must fail, as it does on Linux.
let stages = 0;
for (let from = 0; from < n - 1; from += FARTHEST, stages++) {
  const to = Math.min(n - 1, from + FARTHEST);
  const { replies } = await hosts[from].ping(addressOf(to));
  if (replies.length !== 1 || replies[0].ttl !== 255 - (to - from - 1)) throw new Error(`n${from} does not reach n${to}`);
}
const beyond = n > FARTHEST + 1 ? (await hosts[0].ping(addressOf(FARTHEST + 1))).replies.length : 0;
const staged = performance.now();
const forwards = hosts.map(({ ns }) => ipv4Net.of(ns).stats[IPSTATS_MIB_OUTFORWDATAGRAMS]);
const { rss } = process.memoryUsage();
const leaks = net.close();
const end = performance.now();

process.stdout.write(JSON.stringify({
  n, how,
  answered, stages, beyond,
  forwarding: forwards.filter((packets) => packets > 0).length,
  forwarded: forwards.reduce((sum, packets) => sum + packets, 0),
  ms: { build: built - began, ping: pinged - built, stages: staged - pinged, close: end - staged, all: end - began },
  rss, peakRss: process.resourceUsage().maxRSS * 1024,
  leaks,
}));
