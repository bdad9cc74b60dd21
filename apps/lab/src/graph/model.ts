/** What a drawing of a lab shows. Nothing here needs a platform. */
import type { Impairment, LabTopology } from '../topology/model.ts';
import { formatDuration } from '../topology/units.ts';

export interface GraphEnd {
  /** Index into `nodes`. */
  readonly node: number;
  readonly interface: string;
  /** `10.0.1.1/24` */
  readonly addresses: readonly string[];
}

export interface GraphLink {
  readonly a: GraphEnd;
  /** The far end; of a dummy its own little node. */
  readonly b: GraphEnd;
  /** `delay 10ms, loss 1%`; empty for a perfect link. */
  readonly label: string;
}

export interface GraphNode {
  readonly name: string;
  /** `stub`: the end of a link that has no node there: a dummy's, or the machine's. */
  readonly kind: 'node' | 'router' | 'stub';
}

export interface LabGraph {
  readonly name: string;
  readonly nodes: readonly GraphNode[];
  readonly links: readonly GraphLink[];
}

/** Addresses by node and interface, as the lab has them when its exec lines are done. */
export type InterfaceAddresses = (node: string) => readonly { readonly dev: string; readonly cidr: string }[];

/** The graph of a topology. `forwards`: the node is a router, whatever the file says. */
export function graphOf(topology: LabTopology, addresses: InterfaceAddresses, forwards: (node: string) => boolean = () => false): LabGraph {
  const nodes: GraphNode[] = topology.nodes.map(({ name, sysctl }) => ({ name, kind: forwards(name) || sysctl.some(({ path, value }) => /forward/.test(path) && value !== '0') ? 'router' : 'node' }));
  const links = topology.links.map((link): GraphLink => {
    const [near, far] = link.ends.map(({ node, interface: dev }): GraphEnd => ({
      node: topology.nodes.findIndex(({ name }) => name === node),
      interface: dev,
      addresses: addresses(node).filter((a) => a.dev === dev).map((a) => a.cidr),
    }));
    const stub = (): GraphEnd => ({ node: nodes.push({ name: link.hostInterface ?? link.type, kind: 'stub' }) - 1, interface: '', addresses: [] });
    return { a: near as GraphEnd, b: far ?? stub(), label: linkLabel(link) };
  });
  return { name: topology.name, nodes, links };
}

function linkLabel({ impair, down, mtu }: LabTopology['links'][number]): string {
  const steps = impair.map((step) => `${step.atNs === 0 ? '' : `at ${formatDuration(step.atNs)}: `}${impairmentLabel(step)}`);
  const downs = down.map(({ fromNs, toNs }) => `down ${formatDuration(fromNs)} to ${formatDuration(toNs)}`);
  return [...(mtu === 1500 || mtu === 9500 ? [] : [`mtu ${mtu}`]), ...steps.filter((text) => text !== ''), ...downs].join('; ');
}

function impairmentLabel({ delayNs, jitterNs, loss, duplicate, reorder, corrupt, rate }: Impairment): string {
  const share = (name: string, value: number | undefined): string[] => (value === undefined || value === 0 ? [] : [`${name} ${Number((value * 100).toFixed(3))}%`]);
  const parts = [
    ...(delayNs === undefined ? [] : [`delay ${formatDuration(delayNs)}${jitterNs === undefined ? '' : ` ±${formatDuration(jitterNs)}`}`]),
    ...share('loss', loss),
    ...share('duplicate', duplicate),
    ...share('reorder', reorder),
    ...share('corrupt', corrupt),
    ...(rate === undefined ? [] : [`rate ${rateLabel(rate)}`]),
  ];
  return parts.length === 0 ? 'perfect' : parts.join(', ');
}

function rateLabel(rate: number): string {
  const [unit, of] = rate >= 1e9 ? ['Gbit', 1e9] : rate >= 1e6 ? ['Mbit', 1e6] : rate >= 1e3 ? ['kbit', 1e3] : ['bit', 1];
  return `${Number((rate / (of as number)).toFixed(3))}${unit}/s`;
}
