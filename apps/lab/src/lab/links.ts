/** The links of a topology as devices. */
import { type NetDevice, Random } from '@skbuff/core';
import { type FaultInjector, type ImpairedLink, impairLink, injectFaults } from '@skbuff/fault-injector';
import { type Host, type HostNet, SysError } from 'skbuff';
import { TopologyError } from '../topology/diagnostic.ts';
import type { Impairment, LabLink } from '../topology/model.ts';

/** What can be done to a link: both directions of a cable, or what a dummy sends. */
type Injector = ImpairedLink | FaultInjector;

export interface BuiltLink {
  readonly link: LabLink;
  readonly a: NetDevice;
  /** Null for a dummy. */
  readonly b: NetDevice | null;
  injector: Injector | null;
  /** The seed that the injector was made with. */
  seed: number | undefined;
}

/** Name of the host that stands for the machine a lab runs on: the far end of host, mgmt-net and macvlan links. No node can have it. */
export const OUTSIDE = '(host)';

/** containerlab's vendor part, and three bytes by the seed; no two alike. */
class Macs {
  private readonly random: Random;
  private readonly used: Set<number> = new Set();

  constructor(seed: number) {
    this.random = new Random(seed).fork('mac');
  }

  next(): string {
    let tail = this.random.u32() >>> 8;
    while (this.used.has(tail)) tail = (tail + 1) & 0xffffff;
    this.used.add(tail);
    return ['aa', 'c1', 'ab', ...[16, 8, 0].map((shift) => ((tail >>> shift) & 0xff).toString(16).padStart(2, '0'))].join(':');
  }
}

/** Of both ends of a link; a dummy has no far end. */
export interface LinkAddresses {
  readonly near: string;
  readonly far: string;
}

/** The hardware addresses of all links, near end and far end: what the file says, or by the seed. */
export function linkAddresses(links: readonly LabLink[], seed: number): LinkAddresses[] {
  const macs = new Macs(seed);
  const used = links.flatMap((link) => link.ends.map((end) => end.mac));
  const mac = (given: string | undefined): string => {
    if (given !== undefined) return given;
    for (;;) {
      const free = macs.next();
      if (!used.includes(free)) return free;
    }
  };
  return links.map(({ type, ends: [near, far] }) => ({ near: mac(near?.mac), far: type === 'dummy' ? '' : mac(far?.mac) }));
}

/** Makes every link, up. Throws `TopologyError` that names the place of the link which the stack refuses. */
export function buildLinks(net: HostNet, links: readonly LabLink[], seed: number): BuiltLink[] {
  const addresses = linkAddresses(links, seed);
  return links.map((link, i) => {
    try {
      return build(net, link, addresses[i] as LinkAddresses);
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      throw new TopologyError([{ ...link.at, severity: 'error', message: `the link cannot be made: ${error.message}`, path: `topology.links[${link.index}]` }]);
    }
  });
}

function build(net: HostNet, link: LabLink, mac: LinkAddresses): BuiltLink {
  const [near, far] = link.ends;
  if (near === undefined) throw new TypeError('a link without ends');
  const host = net.get(near.node) as Host;
  if (link.type === 'dummy') return { link, a: buildDummy(host, near.interface, mac.near, link.mtu), b: null, injector: null, seed: undefined };
  const other = far === undefined ? (net.get(OUTSIDE) ?? net.host(OUTSIDE)) : (net.get(far.node) as Host);
  const { a, b } = net.link(host, other, {
    mtu: link.mtu,
    a: { name: near.interface, mac: mac.near },
    b: { name: far?.interface ?? outsideName(link), mac: mac.far },
  });
  return { link, a, b, injector: null, seed: undefined };
}

/** A macvlan has no device of its own at the far end: `host-interface` is the parent, which many share. */
export function outsideName(link: LabLink): string {
  return link.type === 'macvlan' ? 'macvlan%d' : (link.hostInterface ?? 'veth%d');
}

function buildDummy(host: Host, name: string, address: string, mtu: number): NetDevice {
  host.link.add(name, 'dummy');
  host.link.set({ dev: name, address, mtu });
  host.link.set({ dev: name, up: true });
  return host.ns.devGetByName(name) as NetDevice;
}

/** Replaces what the link does to packets from now on. A new seed begins new streams of chance. */
export function impair(built: BuiltLink, impairment: Impairment | undefined): void {
  const { delayNs, jitterNs, loss, duplicate, reorder, corrupt, rate, seed } = impairment ?? {};
  if (seed !== built.seed && built.injector !== null) {
    built.injector.remove();
    built.injector = null;
  }
  built.seed = seed;
  injectorOf(built)?.setImpairment({
    ...(delayNs !== undefined && { delay: delayNs }),
    ...(jitterNs !== undefined && { jitter: jitterNs }),
    ...(loss !== undefined && { loss }),
    ...(duplicate !== undefined && { duplicate }),
    ...(reorder !== undefined && { reorder }),
    ...(corrupt !== undefined && { corrupt }),
    ...(rate !== undefined && { rate }),
  });
}

/** Pulls the cable out or plugs it in. */
export function setLink(built: BuiltLink, up: boolean): void {
  injectorOf(built)?.setDown(!up);
}

/** Made at the first use, so that a perfect link costs nothing. Null if the device is gone, by an exec line. */
function injectorOf(built: BuiltLink): Injector | null {
  const { link, a, b, seed } = built;
  const name = `link ${link.index}${seed === undefined ? '' : ` seed ${seed}`}`;
  const made = built.injector ?? (b === null ? injectFaults(a, {}, { name }) : impairLink(a, b, {}, { name }));
  if (typeof made === 'number') return null;
  built.injector = made;
  return made;
}
