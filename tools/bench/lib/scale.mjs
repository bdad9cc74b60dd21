// `bench scale`: a line of a thousand routers, up and pinging end to end.
import { join } from 'node:path';
import { bundleWith } from './bundle.mjs';
import { inNamespaces } from './in-namespaces.mjs';
import { addressOf, FARTHEST, ipLines, SYSCTLS } from './line.mjs';
import { pinned, run } from './process.mjs';
import { fixed1, table } from './table.mjs';

const NODES = 1000;

/** The kernel's line: namespaces and veths by one `ip -batch`, then an `ip -batch` in each namespace. @param {number | undefined} core */
async function kernelLine(core) {
  const nodes = Array.from({ length: NODES }, (_, i) => i);
  const sysctl = Object.entries(SYSCTLS).map(([name, value]) => `echo ${value} > /proc/sys/${name.replaceAll('.', '/')}`).join('; ');
  const up = ['lo', 'west', 'east'].map((dev) => `link set ${dev} up`);
  /** @type {Record<string, string>} */
  const files = {
    links: nodes.flatMap((i) => [`netns add n${i}`, ...(i > 0 ? [`link add west netns n${i} type veth peer name east netns n${i - 1}`] : [])]).join('\n'),
  };
  for (const i of nodes) {
    const lines = up.filter((line) => !((i === 0 && line.includes('west')) || (i === NODES - 1 && line.includes('east'))));
    files[`n${i}`] = [...lines, ...ipLines(i, NODES)].join('\n');
  }
  const ping = (/** @type {number} */ to) => `ip netns exec n0 ping -c 1 -W 2 ${addressOf(to)} > /dev/null 2>&1 && echo true || echo false`;
  return inNamespaces(files, `
a=$(now); ip -batch links
b=$(now); i=0; while [ $i -lt ${NODES} ]; do ip netns exec n$i sh -c '${sysctl}'; ip -n n$i -batch n$i; i=$((i + 1)); done
c=$(now); within=$(${ping(FARTHEST)}); beyond=$(${ping(FARTHEST + 1)})
echo "{ \\"create\\": $(((b - a) / 1000)), \\"configure\\": $(((c - b) / 1000)), \\"within\\": $within, \\"beyond\\": $beyond }"
`, core);
}

/** @param {import('./bench.mjs').Context} context */
export async function scale({ entry, kernelMissing, core, directory }) {
  /** @type {Record<string, any>} */
  const result = {};
  const rows = [];
  const ms = (/** @type {number} */ value) => `${value.toFixed(0)} ms`;
  if (entry !== undefined) {
    const bundle = await bundleWith(entry, join(directory, 'scale.bundle.mjs'));
    for (const how of ['typed', 'file']) {
      const ours = JSON.parse(await run(pinned(core, [process.execPath, bundle, how, String(NODES)])));
      check(ours);
      result[how] = ours;
      const { build, ping, stages, close, all } = ours.ms;
      rows.push([how === 'typed' ? 'ours, typed calls' : 'ours, topology file', ms(build), ms(ping + stages), ms(close), ms(all), `${fixed1(all / NODES)} ms`, `${fixed1(ours.peakRss / 2 ** 20)} MiB`]);
    }
  }
  if (kernelMissing === undefined) {
    const kernel = await kernelLine(core);
    result.kernel = kernel;
    const all = (kernel.create + kernel.configure) / 1000;
    rows.push(['the kernel, ip -batch', ms(all), '', '', '', `${fixed1(all / NODES)} ms`, '']);
  }
  console.log(`\nA line of ${NODES} routers: made, configured, pinged across\n`);
  console.log(table(['', 'up', 'pings', 'down', 'in all', 'per node', 'peak RSS'], rows));
  if (result.typed !== undefined) {
    const { answered, forwarding, forwarded, stages } = result.typed;
    console.log(`\nours: ${answered} of ${NODES} routers were answered by the one ${FARTHEST} links away, as far as a packet lives; ${forwarding} of them forward,`);
    console.log(`${forwarded} packets in all; from one end to the other in ${stages} pings; ${FARTHEST + 1} links away nobody answers.`);
  }
  if (result.kernel !== undefined) {
    const { create, configure, within, beyond } = result.kernel;
    console.log(`the kernel: namespaces and veths ${ms(create / 1000)}, addresses, routes and sysctls by ${2 * NODES} processes ${ms(configure / 1000)};`);
    console.log(`${FARTHEST} links away ${within ? 'answers' : 'does not answer'}, ${FARTHEST + 1} links away ${beyond ? 'answers' : 'does not'}.`);
    if (!within || beyond) throw new Error('the kernel sees the line otherwise than we do');
  }
  return result;
}

/** Anything less than the whole line is no result. @param {any} ours */
function check({ answered, forwarding, beyond, leaks }) {
  if (answered !== NODES || forwarding !== NODES - 2 || beyond !== 0) throw new Error(`${answered} answered, ${forwarding} forward, ${beyond} answered from too far away`);
  if (Object.keys(leaks).length > 0) throw new Error(`leaks: ${JSON.stringify(leaks)}`);
}
