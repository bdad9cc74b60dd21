// The kernel's side: our C programs compiled, three namespaces of our own made, a measurement per call.
//
//   A a0 ──veth── r0 R r1 ──veth── b0 B      forwarding: frames enter at r0, b0 discards them at ingress
//   A d0 ───────────veth──────────── d1 B      UDP, socket to socket
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { addressText, manyPrefixes } from './prefixes.mjs';
import { atExit, isInstalled, pinned, run, startAndAwaitReady } from './process.mjs';

const CAP_NET_ADMIN = 12;
const CAP_SYS_ADMIN = 21;

/** Why the kernel cannot be measured here; undefined when it can. */
export function whyNoKernel() {
  if (process.platform !== 'linux') return `this is ${process.platform}, not Linux`;
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'}`);
  if (!(effective & (1n << BigInt(CAP_NET_ADMIN))) || !(effective & (1n << BigInt(CAP_SYS_ADMIN)))) {
    return 'no CAP_NET_ADMIN and CAP_SYS_ADMIN: run it as root';
  }
  if (!isInstalled('ip')) return 'no `ip`: install iproute2';
  if (compiler() === undefined) return 'no C compiler: install gcc and libc6-dev';
  return undefined;
}

const compiler = () => ['gcc', 'cc', 'clang'].find(isInstalled);

/** @param {string} program */
function compile(program) {
  const directory = mkdtempSync(join(os.tmpdir(), 'skbuff-bench-'));
  atExit(() => rmSync(directory, { recursive: true, force: true }));
  const binary = join(directory, program);
  const source = new URL(`../c/${program}.c`, import.meta.url).pathname;
  execFileSync(compiler() ?? 'cc', ['-O2', '-Wall', '-o', binary, source], { stdio: ['ignore', 'ignore', 'pipe'] });
  return binary;
}

/** @param {string[]} words */
const ip = (...words) => void execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] });

class Namespaces {
  constructor() {
    /** @param {string} role */
    const create = (role) => {
      const name = `skbuff-bench-${process.pid}-${role}`;
      atExit(() => {
        if (existsSync(`/run/netns/${name}`)) ip('netns', 'del', name);
      });
      ip('netns', 'add', name);
      ip('-n', name, 'link', 'set', 'lo', 'up');
      return name;
    };
    this.a = create('a');
    this.r = create('r');
    this.b = create('b');
  }

  /**
   * @param {[namespace: string, device: string, address: string]} left
   * @param {[namespace: string, device: string, address: string]} right
   */
  link(left, right) {
    ip('-n', left[0], 'link', 'add', left[1], 'type', 'veth', 'peer', 'name', right[1], 'netns', right[0]);
    for (const [namespace, device, address] of [left, right]) {
      ip('-n', namespace, 'addr', 'add', address, 'dev', device, ...(address.includes(':') ? ['nodad'] : []));
      ip('-n', namespace, 'link', 'set', device, 'up');
    }
  }

  /**
   * @param {string} namespace
   * @param {string[]} command
   */
  inside(namespace, command) {
    return ['ip', 'netns', 'exec', namespace, ...command];
  }
}

/** Discards at b0, so that nothing behind the link is measured. Returns how. @param {Namespaces} spaces @param {4 | 6} version */
async function discardAtPeer(spaces, version) {
  try {
    await startAndAwaitReady(spaces.inside(spaces.b, [compile('drop'), 'b0', String(version)]));
    return 'a two-instruction tcx program';
  } catch (error) {
    if (!isInstalled('nft')) throw new Error(`${error instanceof Error ? error.message : error}; and no nft to do it instead`);
    const protocol = version === 6 ? 'ip6' : 'ip';
    const rules =
      `table netdev f { chain i { type filter hook ingress device b0 priority 0; policy accept; meta protocol ${protocol} drop; }; }`;
    execFileSync('ip', ['netns', 'exec', spaces.b, 'nft', rules], { stdio: ['ignore', 'ignore', 'pipe'] });
    return 'an nft netdev rule';
  }
}

/**
 * More routes by the gateway, through `ip -batch`; returns the file of destinations behind them.
 *
 * @param {Namespaces} spaces @param {import('./families.mjs').Family} family @param {number} count
 */
function addRoutes(spaces, { version, gateway }, count) {
  const { prefixes, destinations } = manyPrefixes(version, count);
  const directory = mkdtempSync(join(os.tmpdir(), 'skbuff-bench-'));
  atExit(() => rmSync(directory, { recursive: true, force: true }));
  const batch = join(directory, 'routes');
  writeFileSync(batch, prefixes.map(({ bytes, length }) => `route add ${addressText(bytes, version)}/${length} via ${gateway}\n`).join(''));
  ip('-n', spaces.r, `-${version}`, '-batch', batch);
  const file = join(directory, 'destinations');
  writeFileSync(file, destinations);
  return file;
}

/** IPv6's neighbours are found by packets that the peer discards: the gateway is entered by hand. @param {Namespaces} spaces @param {string} gateway */
function knowGateway(spaces, gateway) {
  const { address } = JSON.parse(execFileSync('ip', ['-n', spaces.b, '-j', 'link', 'show', 'b0'], { encoding: 'utf8' }))[0];
  ip('-n', spaces.r, 'neigh', 'replace', gateway, 'lladdr', address, 'dev', 'r1', 'nud', 'permanent');
}

/**
 * @typedef {{ packets: number, ns: number }} Measured
 * @typedef {{ what: string[], measure: (ms: number) => Promise<Measured> }} KernelSide
 * @param {import('./bench.mjs').Context} context
 * @returns {Promise<KernelSide>}
 */
export async function kernelForward({ core, family, routes }) {
  const { version, frame, source, destination, gateway, router, prefixlen } = family;
  const program = compile('forward');
  const spaces = new Namespaces();
  spaces.link([spaces.a, 'a0', `${source}/${prefixlen}`], [spaces.r, 'r0', `${router[0]}/${prefixlen}`]);
  spaces.link([spaces.b, 'b0', `${gateway}/${prefixlen}`], [spaces.r, 'r1', `${router[1]}/${prefixlen}`]);
  execFileSync('ip', spaces.inside(spaces.r, ['sh', '-c', family.forwarding]).slice(1));
  for (const prefix of family.routes) ip('-n', spaces.r, 'route', 'add', prefix, 'via', gateway);
  if (version === 6) knowGateway(spaces, gateway);
  const discard = await discardAtPeer(spaces, version);
  const destinations = routes === 0 ? [] : [addRoutes(spaces, family, routes)];

  /** @param {number} ms */
  const measure = async (ms) => {
    const command = [program, 'r0', 'r1', source, destination, String(frame), String(ms), ...destinations];
    const result = JSON.parse(await run(pinned(core, spaces.inside(spaces.r, command))));
    if (result.transmitted < result.injected * 0.99) {
      throw new Error(`the kernel's router sent on only ${result.transmitted} of ${result.injected} frames`);
    }
    return { packets: Math.min(result.transmitted, result.injected), ns: result.ns };
  };
  await measure(50); // resolves the neighbour: the first frames wait for the answer
  await measure(50);
  const neighbour = execFileSync('ip', ['-n', spaces.r, 'neigh', 'show', gateway], { encoding: 'utf8' }).trim();
  const where = routes === 0 ? `10 routes in the main table, ${destination} by a static one` : `${routes} routes, to destinations behind them by chance`;
  return {
    what: [
      `${frame}-byte UDP frames made inside the kernel (BPF_PROG_TEST_RUN, live frames, lists of 64) enter r0's receive path,`,
      `are routed (${where}; neighbour: ${neighbour}),`,
      `leave through r1's veth_xmit (counted: r1's tx_packets) and are discarded at b0's ingress by ${discard}.`,
      'All of it on one core, in one system call; time: the kernel\'s own account, without making the packet source.',
      'No conntrack, no rules, rp_filter 0; everything else as a new namespace has it.',
    ],
    measure,
  };
}

/**
 * @param {import('./bench.mjs').Context} context `core`: for sender and receiver, or undefined: the scheduler places them
 * @returns {Promise<KernelSide & { measureOneCore?: (ms: number) => Promise<Measured> }>}
 */
export async function kernelUdp({ core, family }) {
  const [from, to] = family.udp;
  const program = compile('udp');
  const spaces = new Namespaces();
  spaces.link([spaces.a, 'd0', `${from}/${family.prefixlen}`], [spaces.b, 'd1', `${to}/${family.prefixlen}`]);

  /** @param {number | undefined} where @returns {(ms: number) => Promise<Measured>} */
  const measureOn = (where) => async (ms) => {
    const sink = await startAndAwaitReady(pinned(where, spaces.inside(spaces.b, [program, 'sink', family.any, '7000', String(ms + 10_000)])));
    await run(pinned(where, spaces.inside(spaces.a, [program, 'send', to, '7000', '18', String(ms)])));
    await sink.output.done;
    return JSON.parse(sink.output.out().slice('ready\n'.length));
  };
  await measureOn(undefined)(50);
  return {
    what: [
      '18-byte datagrams from a socket in one namespace to a socket in another over veth: sendmmsg and recvmmsg, 64 per',
      'system call, a process each; datagrams received, from the first to the last. The base has all cores and the',
      'scheduler\'s placement, which is its best case; one core for both is what a single thread of ours has.',
    ],
    measure: measureOn(undefined),
    ...(core === undefined ? {} : { measureOneCore: measureOn(core) }),
  };
}

/**
 * The kernel's side made ready; says aloud why when it cannot be, and the benchmark goes on without it.
 *
 * @template {KernelSide} Side
 * @param {string | undefined} missing the reason known beforehand
 * @param {() => Promise<Side>} make
 * @returns {Promise<Side | undefined>}
 */
export async function kernelSide(missing, make) {
  if (missing !== undefined) return undefined;
  try {
    const side = await make();
    console.log(`\nthe kernel's side: ${side.what.join('\n  ')}`);
    return side;
  } catch (error) {
    console.log(`the kernel is NOT measured: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}
