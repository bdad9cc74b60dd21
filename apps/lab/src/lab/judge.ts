/** Whether an expectation holds. */
import { PacketSyntaxError, renderExplanation } from '@skbuff/explain';
import type { DropExpectation, Expectation, LabNode, LabTopology, OutputExpectation, ReachExpectation, RouteExpectation, Target } from '../topology/model.ts';
import { splitZone, withPort } from '../topology/address.ts';
import { formatDuration } from '../topology/units.ts';
import { runLine } from './exec.ts';
import type { LabHost } from './lab-host.ts';

/** What was found; the words only where it did not hold. */
export interface Verdict {
  readonly pass: boolean;
  readonly expected?: string;
  readonly found?: string;
  readonly trace?: readonly string[];
  /** What would become of the packet that did not come through, in the lab as it is then. */
  readonly explanation?: readonly string[];
  /** What the command of an `output` expectation printed. */
  readonly output?: string;
}

const PASS: Verdict = { pass: true };
/** How long answers are waited for where nothing says so. */
const PATIENCE_NS = 2e9;

/** Judges now; time passes where packets have to travel. */
export function judge(host: LabHost, topology: LabTopology, expectation: Expectation): Verdict | Promise<Verdict> {
  switch (expectation.kind) {
    case 'reach':
      return reach(host, expectation);
    case 'route':
      return route(host, expectation);
    case 'drop':
      return drop(host, expectation);
    case 'output':
      return output(host, topology, expectation);
  }
}

/** The address that is meant by a node, or why there is none. */
function resolve(host: LabHost, from: string, to: Target): { readonly address: string } | { readonly missing: Verdict } {
  if ('address' in to) return zoned(host, from, to.address);
  const address = host.addressOf(to.node, to.family);
  if (address !== undefined) return { address };
  const kind = to.family === undefined ? '' : to.family === 'ipv4' ? 'IPv4 ' : 'IPv6 ';
  return { missing: { pass: false, expected: `${to.node} has an address`, found: `${to.node} has no global ${kind}address that can be used` } };
}

/** An address of a link is of no use without the link. */
function zoned(host: LabHost, from: string, address: string): ReturnType<typeof resolve> {
  const [, zone] = splitZone(address);
  const interfaces = host.interfacesOf(from);
  if (zone === '' || /^\d+$/.test(zone) || interfaces.includes(zone)) return { address };
  return { missing: { pass: false, expected: `${from} has the interface ${zone}`, found: `${from} has ${interfaces.join(', ')}` } };
}

const percent = (share: number): string => `${Number((share * 100).toFixed(2))}%`;

async function reach(host: LabHost, e: ReachExpectation): Promise<Verdict> {
  const to = resolve(host, e.from, e.to);
  if ('missing' in to) return e.not ? PASS : to.missing;
  const { sent, roundTripsNs, trace } = await host.ping(e.from, to.address, e.count, Math.max(e.withinNs ?? 0, PATIENCE_NS));
  const { withinNs } = e;
  const good = withinNs === undefined ? roundTripsNs : roundTripsNs.filter((rtt) => rtt <= withinNs);
  const lost = sent === 0 ? 1 : (sent - good.length) / sent;
  if (e.not ? good.length === 0 : lost <= e.loss) return PASS;
  const within = withinNs === undefined ? '' : ` within ${formatDuration(withinNs)}`;
  const expected = e.not ? 'no answer' : e.loss === 0 ? `every answer${within}` : `at most ${percent(e.loss)} without answer${within}`;
  const slowest = roundTripsNs.length === 0 ? '' : `, the slowest after ${formatDuration(Math.max(...roundTripsNs))}`;
  const explanation = e.not ? {} : await explained(host, e.from, `icmp > ${to.address}`);
  return { pass: false, expected, found: `${roundTripsNs.length} of ${sent} answered${slowest}`, trace, ...explanation };
}

/** The way of such a packet through a replica of the lab. Nothing, where the packet cannot be asked about (port 0). */
async function explained(host: LabHost, from: string, packet: string): Promise<Pick<Verdict, 'explanation'>> {
  try {
    return { explanation: renderExplanation(await host.explain(from, packet)).trimEnd().split('\n') };
  } catch (error) {
    if (error instanceof PacketSyntaxError) return {};
    throw error;
  }
}

const way = (via: string | undefined, dev: string | undefined): string => [...(via === undefined ? [] : [`via ${via}`]), ...(dev === undefined ? [] : [`dev ${dev}`])].join(' ');

function route(host: LabHost, e: RouteExpectation): Verdict {
  const to = resolve(host, e.node, e.to);
  if ('missing' in to) return to.missing;
  const found = host.routeGet(e.node, to.address);
  if ('error' in found) return e.unreachable ? PASS : { pass: false, expected: `a route ${way(e.via, e.dev)}`.trimEnd(), found: found.error };
  if (e.unreachable) return { pass: false, expected: 'no route', found: way(found.via, found.dev) };
  const fits = (e.via === undefined || e.via === found.via) && (e.dev === undefined || e.dev === found.dev);
  return fits ? PASS : { pass: false, expected: way(e.via, e.dev), found: way(found.via, found.dev) };
}

async function drop(host: LabHost, e: DropExpectation): Promise<Verdict> {
  const counted = (): number => host.totals(e.node).drops.find(({ reason }) => reason === e.reason)?.count ?? 0;
  let before = 0;
  let trace: readonly string[] = [];
  if (e.packet !== undefined) {
    const to = resolve(host, e.packet.from, e.packet.to);
    if ('missing' in to) return to.missing;
    before = counted();
    trace = await host.send({ ...e.packet, to: to.address });
  }
  if (counted() - before >= e.count) return PASS;
  const { packet } = e;
  const probe = packet === undefined || packet.to === undefined || !('address' in packet.to) ? null : `${packet.proto} > ${packet.proto === 'udp' ? withPort(packet.to.address, packet.port) : packet.to.address} len ${packet.size}${packet.ttl === undefined ? '' : ` ttl ${packet.ttl}`}`;
  const explanation = probe === null || packet === undefined ? {} : await explained(host, packet.from, probe);
  const others = host.totals(e.node).drops.map(({ reason, count }) => `${reason} ${count}`).join(', ');
  return { pass: false, expected: `${e.count} with ${e.reason}`, found: `${counted() - before}; since the beginning ${e.node} dropped ${others === '' ? 'nothing' : others}`, trace, ...explanation };
}

async function output(host: LabHost, topology: LabTopology, e: OutputExpectation): Promise<Verdict> {
  const node = topology.nodes.find(({ name }) => name === e.node) as LabNode;
  const { code, stdout, stderr, notes } = await runLine(host, node, e.exec);
  const wrong = [
    ...notes.map((note) => `to be run: ${note}`),
    ...(code === e.exit ? [] : [`exit code ${e.exit}`]),
    ...(e.equals === undefined || e.equals.trimEnd() === stdout.trimEnd() ? [] : [`exactly: ${e.equals}`]),
    ...e.contains.filter((text) => !stdout.includes(text)).map((text) => `to contain: ${text}`),
    ...(e.matches === undefined || new RegExp(e.matches, 'mu').test(stdout) ? [] : [`to match: ${e.matches}`]),
  ];
  if (wrong.length === 0) return { pass: true, output: stdout };
  return { pass: false, output: stdout, expected: wrong.join('\n'), found: `exit code ${code}\n${stdout}${stderr}` };
}
