/**
 * A topology as a shell script for a Linux machine: the same nodes as network namespaces, with the same links, hardware addresses,
 * settings and exec lines, and the expectations as far as they can be seen from outside of a kernel.
 */
import { linux } from 'skbuff';
import { linkAddresses, OUTSIDE, outsideName } from '../lab/links.ts';
import { shellQuote as quote } from '../shell/quote.ts';
import { splitZone } from '../topology/address.ts';
import type { Expectation, Impairment, LabLink, LabNode, LabTopology, Target } from '../topology/model.ts';

export interface ExportOptions {
  /** Of the hardware addresses that the file leaves open. */
  readonly seed: number;
  /** In front of the names of namespaces; default: the lab's name and a dash. */
  readonly prefix?: string;
  /** Names of the plugins that the nodes of the lab have; default: those of `linux()`, with IPv6 or without, as the file says. */
  readonly plugins?: readonly string[];
}

/** What Linux does by itself and the lab only with the plugin of that name; and what keeps Linux from it. */
const OWN_ACCORD: Readonly<Record<string, readonly string[]>> = {
  '@skbuff/ipv6': ['net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1'],
};

/** Settings of a namespace that has nothing which the lab's nodes have not. A kernel that was built without it has no such setting. */
function withoutMissing(node: string, plugins: readonly string[]): string[] {
  const missing = Object.entries(OWN_ACCORD).filter(([plugin]) => !plugins.includes(plugin));
  return missing.map(([, settings]) => `ip netns exec ${namespace(node)} sysctl -qw ${settings.join(' ')} || true`);
}

/** The first namespace that is there already says so, before anything is changed. */
function standsAlready(names: readonly string[]): string {
  return `for ns in ${names.join(' ')}; do [ ! -e "/run/netns/$P$ns" ] || { echo "$0: the namespace $P$ns is there already; if the lab is up: $0 down" >&2; exit 1; }; done`;
}

/** A kernel may have been built without netem, and tc would say so when half of the lab stands. */
function needsNetem(lines: readonly string[]): string[] {
  if (!lines.some((line) => line.includes(' root netem '))) return [];
  return ['why=$(unshare -n tc qdisc add dev lo root netem 2>&1) || { echo "$0: links of this lab need netem, which this kernel does not have (${why%%$\'\\n\'*}): modprobe sch_netem" >&2; exit 1; }'];
}

/** Whatever stops it, nothing half built is left. */
const UNDO = 'trap \'echo "$0: up failed; what it had built is removed" >&2; down\' EXIT';

/** Until no address of IPv6 is tentative, but those that somebody else has and those on links without carrier; ten seconds at most. */
const SETTLE = `settled() {
  for ns in "$@"; do
    for dev in $(ip -n "$P$ns" -o -6 addr show tentative -dadfailed -optimistic 2> /dev/null | awk '{ print $2 }'); do
      if ip -n "$P$ns" link show dev "$dev" 2> /dev/null | grep -q LOWER_UP; then return 1; fi
    done
  done
}
settle() {
  for i in $(seq 100); do if settled "$@"; then return 0; fi; sleep 0.1; done
}
`;

const CHECKS = `failed=0
verdict() { # STATUS SENTENCE
  if [ "$1" = 0 ]; then echo "ok      $2"; else echo "FAILED  $2"; failed=1; fi
}
address() { # NODE FAMILY…: its first global address that can be used
  for family in $2; do
    ip -n "$P$1" -o $family addr show scope global -tentative -deprecated -dadfailed 2> /dev/null
  done | awk '!got { sub("/.*", "", $4); print $4; got = 1 }'
}
answers() { # NODE ADDRESS COUNT SECONDS [MILLISECONDS]: how many requests were answered, in that time
  ip netns exec "$P$1" ping -n -c "$3" -i 0.2 -W "$4" "$2" 2> /dev/null |
    awk -v most="\${5:-}" '/bytes from/ && !/DUP!/ { sub(/.*time=/, ""); if (most == "" || $1 + 0 <= most + 0) n++ } END { print n + 0 }'
}
`;

function namespace(node: string): string {
  return `"$P"${quote(node === OUTSIDE ? 'outside' : node)}`;
}

/** Files that nodes write are their own, though all of them write to /tmp; and so are those of two labs of one machine. */
const OWN_TMP = 'mount --bind "$0" /tmp && exec "$@"';

const usesTmp = (line: string): boolean => line.includes('/tmp/');

function tmpOf(name: string): string {
  return `"/run/skbuff/$P"${quote(name)}`;
}

/** What a node runs, in its namespace and with its variables. */
function inNode({ name, env }: Pick<LabNode, 'name' | 'env'>, line: string): string {
  const variables = Object.entries(env).map(([key, value]) => quote(`${key}=${value}`));
  const words = [...(usesTmp(line) ? ['sh', '-c', quote(OWN_TMP), tmpOf(name)] : []), ...(variables.length > 0 ? ['env', ...variables] : []), 'sh', '-c', quote(line)];
  return `ip netns exec ${namespace(name)} ${words.join(' ')}`;
}

/** The script. It is called with `up`, `check` or `down`. */
export function exportScript(topology: LabTopology, { seed, prefix = `${topology.name}-`, plugins = linux({ ipv6: topology.ipv6 }).map(({ name }) => name) }: ExportOptions): string {
  const outside = topology.links.some(({ type, ends }) => type !== 'dummy' && ends.length === 1);
  const names = [...topology.nodes.map(({ name }) => name), ...(outside ? [OUTSIDE] : [])];
  const addresses = linkAddresses(topology.links, seed);
  const tmps = topology.nodes.filter(({ name, exec }) => exec.some(({ line }) => usesTmp(line)) || topology.expect.some((e) => e.kind === 'output' && e.node === name && usesTmp(e.exec))).map(({ name }) => tmpOf(name));
  const up = [
    ...(tmps.length > 0 ? [`mkdir -p ${tmps.join(' ')}`] : []),
    ...names.flatMap((name) => addNode(name, plugins)),
    ...topology.links.flatMap((link, i) => addLink(link, addresses[i] as { near: string; far: string })),
    ...topology.nodes.flatMap((node) => node.sysctl.map(({ path, value }) => `ip netns exec ${namespace(node.name)} sysctl -qw ${quote(`${path}=${value}`)}`)),
    ...execLines(topology.nodes),
    ...(topology.ipv6 ? [`settle ${names.map((name) => quote(name === OUTSIDE ? 'outside' : name)).join(' ')}`] : []),
    ...schedule(topology.links),
  ];
  const quoted = names.map((name) => quote(name === OUTSIDE ? 'outside' : name));
  // A daemon that an exec line has started would keep its namespace.
  const down = [`for ns in ${quoted.join(' ')}; do ip netns pids "$P$ns" 2> /dev/null | xargs -r kill 2> /dev/null || true; ip netns del "$P$ns" 2> /dev/null || true; done`, ...(tmps.length > 0 ? [`rm -rf ${tmps.join(' ')}`] : [])];
  const checks = topology.expect.flatMap((expectation) => [...wait(expectation), ...check(topology, expectation)]);
  return [
    '#!/bin/bash',
    `# The lab ${topology.name.replaceAll(/[\r\n]/g, ' ')} in network namespaces of Linux, as root: bash SCRIPT up | check | down`,
    'set -eu',
    `P=${quote(prefix)}`,
    '',
    ...(topology.ipv6 ? [SETTLE] : []),
    `up() {\n${indent([standsAlready(quoted), ...needsNetem(up), UNDO, ...up, 'trap - EXIT'])}\n}`,
    '',
    `down() {\n${indent(down)}\n}`,
    '',
    `${CHECKS}check() {\n${indent([...checks, 'return $failed'])}\n}`,
    '',
    'case "${1:-}" in up | check | down) "$1" ;; *) echo "usage: $0 up | check | down" >&2; exit 2 ;; esac',
    '',
  ].join('\n');
}

function indent(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join('\n');
}

function addNode(name: string, plugins: readonly string[]): string[] {
  return [
    `ip netns add ${namespace(name)}`,
    ...withoutMissing(name, plugins),
    `ip -n ${namespace(name)} link set lo up`,
  ];
}

function addLink(link: LabLink, mac: { readonly near: string; readonly far: string }): string[] {
  const [near, far] = link.ends;
  if (near === undefined) return [];
  // Devices of the lab have one queue; a veth of Linux would have one per CPU.
  const queues = 'numtxqueues 1 numrxqueues 1';
  const first = `ip link add ${quote(near.interface)} netns ${namespace(near.node)} address ${mac.near} mtu ${link.mtu}`;
  const up = `ip -n ${namespace(near.node)} link set ${quote(near.interface)} up`;
  const now = link.impair.filter(({ atNs }) => atNs === 0);
  if (link.type === 'dummy') return [`${first} type dummy`, up, ...now.flatMap((step) => netem(link, step))];
  const [node, name] = far === undefined ? [OUTSIDE, outsideName(link).replace('%d', String(link.index))] : [far.node, far.interface];
  return [
    `${first} ${queues} type veth peer name ${quote(name)} netns ${namespace(node)} address ${mac.far} mtu ${link.mtu} ${queues}`,
    up,
    `ip -n ${namespace(node)} link set ${quote(name)} up`,
    ...now.flatMap((step) => netem(link, step)),
  ];
}

/** tc-netem(8), at each end that has a node. */
function netem(link: LabLink, impairment: Impairment | undefined): string[] {
  const percent = (share: number): string => `${Number((share * 100).toFixed(6))}%`;
  const { delayNs, jitterNs, loss, duplicate, reorder, corrupt, rate } = impairment ?? {};
  const words = [
    ...(delayNs === undefined && jitterNs === undefined ? [] : ['delay', `${(delayNs ?? 0) / 1000}us`, ...(jitterNs === undefined ? [] : [`${jitterNs / 1000}us`])]),
    ...(loss === undefined ? [] : ['loss', percent(loss)]),
    ...(duplicate === undefined ? [] : ['duplicate', percent(duplicate)]),
    ...(reorder === undefined ? [] : ['reorder', percent(reorder)]),
    ...(corrupt === undefined ? [] : ['corrupt', percent(corrupt)]),
    ...(rate === undefined ? [] : ['rate', `${rate}bit`]),
  ];
  return link.ends.map(({ node, interface: name }) => {
    const qdisc = `tc -n ${namespace(node)} qdisc`;
    if (words.length === 0) return `${qdisc} del dev ${quote(name)} root 2> /dev/null || true`;
    return `${qdisc} replace dev ${quote(name)} root netem ${words.join(' ')}`;
  });
}

/** What changes while the lab runs, in the background. A cable that is out is a link that loses everything: its carrier stays. */
function schedule(links: readonly LabLink[]): string[] {
  return links.flatMap((link) => {
    const steps = link.impair.filter(({ atNs }) => atNs > 0).map((step) => ({ at: step.atNs, lines: netem(link, step) }));
    const before = (at: number): Impairment | undefined => link.impair.filter(({ atNs }) => atNs <= at).at(-1);
    const outages = link.down.flatMap(({ fromNs, toNs }) => [
      { at: fromNs, lines: netem(link, { loss: 1 }) },
      { at: toNs, lines: netem(link, before(toNs)) },
    ]);
    return [...steps, ...outages].map(({ at, lines }) => `( sleep ${at / 1e9}; ${lines.join('; ')} ) &`);
  });
}

/** Those of one node one after the other, those of all nodes side by side. A line that fails is told and does not end the script. */
function execLines(nodes: readonly LabNode[]): string[] {
  const blocks = nodes.filter(({ exec }) => exec.length > 0).map((node) => {
    const lines = node.exec.map(({ line }) => `  ${inNode(node, line)} || echo ${quote(`${node.name}: ${line}: failed`)} >&2`);
    return ['(', ...lines, ') &'];
  });
  return blocks.length === 0 ? [] : [...blocks.flat(), 'wait'];
}

function target(to: Target): string {
  if ('address' in to) return quote(to.address);
  const families = to.family === undefined ? '"-4 -6"' : to.family === 'ipv4' ? '-4' : '-6';
  return `"$(address ${quote(to.node)} ${families})"`;
}

/** ip(8) takes no zone: the interface is a word of its own. */
function destination(to: Target): string {
  const [address, zone] = 'address' in to ? splitZone(to.address) : ['', ''];
  return zone === '' ? target(to) : `${quote(address)} oif ${quote(zone)}`;
}

/** A moment counted from the expectation before is kept; when the lab was up, `check` does not know. */
function wait({ moment: { kind, ns } }: Expectation): string[] {
  return kind === 'after' && ns > 0 ? [`sleep ${ns / 1e9}`] : [];
}

function check(topology: LabTopology, e: Expectation): string[] {
  const title = quote(e.name);
  if (e.kind === 'drop') return [`echo ${quote(`not seen from outside: ${e.name}`)}`];
  if (e.kind === 'reach') {
    const least = e.not ? '[ "$got" = 0 ]' : `[ "$got" -ge ${Math.ceil(e.count * (1 - e.loss))} ]`;
    const patience = `${Math.max((e.withinNs ?? 0) / 1e9, 1)}${e.withinNs === undefined ? '' : ` ${e.withinNs / 1e6}`}`;
    return [`got=$(answers ${quote(e.from)} ${target(e.to)} ${e.count} ${patience})`, `rc=0; ${least} || rc=1; verdict $rc ${title}`];
  }
  if (e.kind === 'route') {
    const get = `ip -n ${namespace(e.node)} route get ${destination(e.to)} 2> /dev/null`;
    if (e.unreachable) return [`rc=1; ${get} > /dev/null || rc=0; verdict $rc ${title}`];
    const words = [...(e.via === undefined ? [] : [`via ${e.via}`]), ...(e.dev === undefined ? [] : [`dev ${e.dev}`])];
    const tests = words.map((word) => `[[ " $got " == *${quote(` ${word} `)}* ]]`);
    return [`got=$(${get} | tr '\\n' ' ') || got=`, `rc=0; { [ -n "$got" ]${tests.map((test) => ` && ${test}`).join('')}; } || rc=1; verdict $rc ${title}`];
  }
  const node = topology.nodes.find(({ name }) => name === e.node) as LabNode;
  const tests = [
    `[ $code = ${e.exit} ]`,
    ...(e.equals === undefined ? [] : [`[ "$got" = ${quote(e.equals.trimEnd())} ]`]),
    ...e.contains.map((text) => `[[ "$got" == *${quote(text)}* ]]`),
    // The text is one record, as it is for a JavaScript expression with the flag m; a pattern of grep has one line.
    ...(e.matches === undefined ? [] : [`grep -qzP -- ${quote(`(?m)${e.matches.replaceAll('\n', '\\n')}`)} <<< "$got"`]),
  ];
  return [`code=0; got=$(${inNode(node, e.exec)}) || code=$?`, `rc=0; { ${tests.join(' && ')}; } || rc=1; verdict $rc ${title}`];
}
