/** The same host twice, once with the FIB: every answer must be the same. */
import { Random } from '@skbuff/core';
import { fib, FibConfig, fibNet, fibNewTable, fibTableDelete, fibTableInsert } from '@skbuff/fib';
import { FibTrie } from '@skbuff/fib-trie';
import { type Flowi4, IPV4, ipv4 } from '@skbuff/ipv4';
import { loopback } from '@skbuff/loopback';
import { neighbour } from '@skbuff/neighbour';
import { netlink } from '@skbuff/netlink';
import { procfs } from '@skbuff/procfs';
import { sysctl } from '@skbuff/sysctl';
import { knownNeighbours, mibs } from '@skbuff/testkit';
import { ETH_P_ARP, ETH_P_IP, IFA_F_NOPREFIXROUTE, IFA_F_PERMANENT, IFF_UP, RT_SCOPE_HOST, RT_SCOPE_LINK } from '@skbuff/uapi';
import { inetMakeMask, inetNtoa } from '@skbuff/wire';
import { expect, it } from 'vitest';
import { delDefaultGateway, hostRoutes, setDefaultGateway } from '../src/index.ts';
import { Host, ip4 } from './support.ts';

const NAMES = ['a', 'b', 'c'];
const ROUNDS = 60;

class Twins {
  readonly random: Random;
  readonly theFib: Host;
  readonly small: Host;
  /** By device: the gateway, and whether the FIB has the route now. */
  readonly gateways: Map<number, number> = new Map();

  constructor(seed: number) {
    this.random = new Random(seed);
    [this.theFib, this.small] = [fib({ table: () => new FibTrie() }), hostRoutes()].map(
      (routing) => new Host([netlink(), sysctl(), procfs(), neighbour(), ipv4(), routing, knownNeighbours(IPV4), loopback()]),
    ) as [Host, Host];
    for (const name of NAMES) this.both((host) => void host.device(name));
  }

  both(act: (host: Host) => void): void {
    act(this.theFib);
    act(this.small);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.random.below(list.length)] as T;
  }

  chance(percent: number): boolean {
    return this.random.below(100) < percent;
  }

  address(): string {
    return `10.${this.random.below(2)}.${this.random.below(2)}.${this.pick([0, 1, 2, 3, 9, 31, 63, 127, 128, 254, 255])}`;
  }

  /** Something of everything that an address can be. */
  anyAddress(): string {
    const special = ['0.0.0.0', '0.1.0.0', '255.255.255.255', '224.0.0.1', '224.0.0.251', '239.1.1.1', '127.0.0.1', '127.0.0.9', '127.255.255.255', '241.0.0.1', '99.0.0.1', '172.16.0.1'];
    if (this.chance(30)) return this.pick(special);
    const ours = this.small.devs.flatMap((dev) => [...this.small.inDev(dev).ifaList]);
    if (this.chance(50) && ours.length > 0) {
      const ifa = this.pick(ours);
      return inetNtoa(this.pick([ifa.local, ifa.address, ifa.broadcast, (ifa.address & ifa.mask) >>> 0, (ifa.address | ~ifa.mask) >>> 0, (ifa.address ^ 1) >>> 0]));
    }
    return this.address();
  }

  change(): void {
    const at = this.random.below(this.small.devs.length);
    const { flags, ifindex } = this.small.devs[at] as { flags: number; ifindex: number };
    const count = this.small.inDev(this.small.devs[at]).ifaList.length;
    switch (this.random.below(8)) {
      case 0:
      case 1:
      case 2:
        return this.addAddress(at);
      case 3:
        return count === 0 ? undefined : this.removeAddress(at, this.random.below(count));
      case 4:
        this.both((host) => host.updown(host.devs[at], (flags & IFF_UP) === 0));
        // Linux deletes the routes of a device that goes down: here the gateway is a setting, there it is set again.
        if ((flags & IFF_UP) === 0 && this.gateways.has(at) && count > 0) this.fibGateway(at, true);
        return;
      case 5:
        return this.setGateway(at, ifindex);
      case 6:
        return this.ungateway(at);
      default:
        return this.settings(at);
    }
  }

  private addAddress(at: number): void {
    const text = `${this.address()}/${this.pick([8, 16, 23, 24, 24, 24, 25, 26, 30, 31, 32])}`;
    const [local, plen] = text.split('/').map((part, i) => (i === 0 ? ip4(part) : Number(part))) as [number, number];
    const last = plen < 31 ? (local | ~inetMakeMask(plen)) >>> 0 : 0;
    const broadcast = this.chance(30) ? ip4(this.pick(['10.0.0.255', '10.1.1.255', '10.0.1.9', '255.255.255.255'])) : 0;
    const ifas = this.small.devs.flatMap((dev) => [...this.small.inDev(dev).ifaList]);
    // An address has one meaning: on one device, for nobody else a broadcast address, and no gateway.
    const taken = ifas.some((ifa) => [ifa.local, ifa.broadcast, (ifa.address | ~ifa.mask) >>> 0].includes(local) && ifa.prefixlen < 31) || ifas.some((ifa) => ifa.local === local || ifa.broadcast === local || ifa.local === last || ifa.local === broadcast);
    if (taken || [...this.gateways.values()].includes(local) || (plen < 31 && local === last) || local === broadcast) return;
    const flags = IFA_F_PERMANENT | (this.chance(10) ? IFA_F_NOPREFIXROUTE : 0);
    const scope = this.pick([0, 0, 0, RT_SCOPE_LINK, RT_SCOPE_HOST]);
    this.both((host) => void host.addr(host.devs[at], text, { broadcast, flags, scope }));
  }

  private removeAddress(at: number, index: number): void {
    this.ungateway(at);
    this.both((host) => host.unaddr(host.devs[at], index));
  }

  private setGateway(at: number, oif: number): void {
    const gateway = ip4(this.address());
    this.ungateway(at);
    const err = setDefaultGateway(this.small.devs[at], gateway);
    if (err !== 0) return;
    this.gateways.set(at, gateway);
    expect(this.fibGateway(at, true), `the FIB takes ${inetNtoa(gateway)} by ${oif} too`).toBe(0);
  }

  private ungateway(at: number): void {
    if (!this.gateways.has(at)) return;
    delDefaultGateway(this.small.devs[at]);
    this.fibGateway(at, false);
    this.gateways.delete(at);
  }

  private fibGateway(at: number, add: boolean): number {
    const state = fibNet.of(this.theFib.net);
    const cfg = FibConfig.of({ dst: 0, dstLen: 0, gw: this.gateways.get(at) as number, oif: this.theFib.devs[at].ifindex, nlflags: 0xc00 });
    const table = fibNewTable(state, cfg.table);
    return add ? fibTableInsert(state, table, cfg, null) : fibTableDelete(state, table, Object.assign(cfg, { scope: 255, type: 0, protocol: 0 }), null);
  }

  private settings(at: number): void {
    const values = { rpFilter: this.random.below(3), acceptLocal: this.random.below(2), routeLocalnet: this.random.below(2), promoteSecondaries: this.random.below(2) };
    this.both((host) => {
      Object.assign(host.inDev(host.devs[at]).cnf, values);
      host.ip.routing?.cacheFlush(host.net);
    });
  }

  compare(what: string, ask: (host: Host) => unknown): void {
    const state = this.small.devs.map((dev) => `${dev.name}${(dev.flags & IFF_UP) === 0 ? ' (down)' : ''}: ${this.small.inDev(dev).ifaList.map((ifa) => `${inetNtoa(ifa.local)}/${ifa.prefixlen} brd ${inetNtoa(ifa.broadcast)} flags ${ifa.flags}`).join(', ')}`);
    expect(ask(this.small), `${what}\n${state.join('\n')}\ngateways ${JSON.stringify([...this.gateways])}`).toEqual(ask(this.theFib));
  }

  probe(): void {
    const [saddr, daddr] = [this.anyAddress(), this.anyAddress()];
    const at = this.random.below(this.small.devs.length);
    const protocol = this.chance(90) ? ETH_P_IP : ETH_P_ARP;
    const proto = this.chance(90) ? 17 : 2;
    this.compare(`in by ${this.small.devs[at].name}: ${saddr} > ${daddr} ${protocol}`, (host) => host.input(host.devs[at], saddr, daddr, protocol, proto));
    const flow: Partial<Flowi4> = {
      daddr: ip4(daddr),
      saddr: this.chance(50) ? 0 : ip4(saddr),
      oif: this.chance(60) ? 0 : this.pick([1, 2, 3, 4, 99]),
      scope: this.chance(90) ? 0 : RT_SCOPE_LINK,
      flags: this.random.below(2),
      proto: 17,
    };
    this.compare(`out ${saddr} > ${daddr} ${JSON.stringify(flow)}`, (host) => host.output(flow));
    this.compare(`type of ${daddr}`, (host) => [null, ...host.devs].map((dev) => host.ip.routing?.addrType(host.net, ip4(daddr), dev)));
  }

  end(): void {
    this.both((host) => expect(host.kernel.shutdown()).toEqual({}));
  }
}

it.each(Array.from({ length: 20 }, (_, i) => i + 1))('answers as the FIB does, whatever addresses, devices and settings become (%i)', (seed) => {
  const twins = new Twins(seed);
  for (let round = 0; round < ROUNDS; round++) {
    twins.change();
    for (let i = 0; i < 20; i++) twins.probe();
  }
  twins.end();
});

it('drops and counts what comes in as the FIB does', () => {
  const twins = new Twins(99);
  for (let i = 0; i < 12; i++) twins.change();
  for (let i = 0; i < 400; i++) {
    const packet = { saddr: twins.anyAddress(), daddr: twins.anyAddress() };
    const at = 1 + twins.random.below(NAMES.length);
    twins.both((host) => host.receive(host.devs[at], packet));
  }
  twins.compare('counters', (host) => mibs(host.net));
  twins.compare('drops', (host) => host.drops());
  twins.end();
});
