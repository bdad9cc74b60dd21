/** One host with the real FIB and its rules, two dummies, and a netlink port. */
import { allocNetdev, createKernel, devOpen, type Kernel, type Net, type NetDevice, registerNetdevice, VirtualClock } from '@skbuff/core';
import { dummy, dummyOps, dummySetup } from '@skbuff/dummy';
import { type FibConfig, FibConfig as Config, fibLookup, fibNet, fibNewTable, FibResult, fib, fibTableInsert } from '@skbuff/fib';
import { fibRules } from '@skbuff/fib-rules';
import { FibTrie } from '@skbuff/fib-trie';
import { Flowi4, inDevGet, type InDevice, inetAllocIfa, inetInsertIfa, ipv4 } from '@skbuff/ipv4';
import { loopback } from '@skbuff/loopback';
import { neighbour } from '@skbuff/neighbour';
import { FibRuleHdr, netlink, type NetlinkPort, netlinkPort, NlMsgBuilder, type NlMsgHdr, nlmsgAll, nlTalk, type NlReply } from '@skbuff/netlink';
import { procfs } from '@skbuff/procfs';
import { sysctl } from '@skbuff/sysctl';
import * as U from '@skbuff/uapi';
import { inetNtoa, inetPton4 } from '@skbuff/wire';
import { afterEach, beforeEach, expect } from 'vitest';
import { fib4Rules } from '../src/index.ts';

export const ip4 = (text: string): number => inetPton4(text);
export const u32 = (v: number): Uint8Array => Uint8Array.of(v, v >>> 8, v >>> 16, v >>> 24);
export const text = (v: string): Uint8Array => Uint8Array.from(`${v}\0`, (c) => c.charCodeAt(0));
export const addr = (v: string): Uint8Array => Uint8Array.from(v.split('.').map(Number));

export type Attrs = readonly (readonly [type: number, value: Uint8Array])[];

export class Host {
  readonly clock: VirtualClock = new VirtualClock();
  readonly kernel: Kernel;
  readonly net: Net;
  readonly devs: NetDevice[];
  readonly port: NetlinkPort;

  constructor() {
    const plugins = [sysctl(), procfs(), netlink(), loopback(), dummy(), neighbour(), ipv4(), fib({ table: () => new FibTrie() }), fibRules(), fib4Rules()];
    this.kernel = createKernel({ clock: this.clock, debug: true, plugins });
    this.net = this.kernel.initNet;
    this.devs = ['d0', 'd1'].map((name) => allocNetdev(this.net, { name, setup: dummySetup, ops: dummyOps }));
    for (const dev of this.devs) expect(registerNetdevice(dev)).toBe(0);
    for (const dev of [this.net.loopbackDev as NetDevice, ...this.devs]) expect(devOpen(dev)).toBe(0);
    this.clock.advance(0);
    this.address(this.devs[0], '10.0.0.1');
    this.address(this.devs[1], '10.1.0.1');
    this.port = netlinkPort(this.net, U.NETLINK_ROUTE) as NetlinkPort;
    this.port.bind();
    this.port.setsockopt(U.NETLINK_EXT_ACK, 1);
  }

  private address(dev: NetDevice, local: string): void {
    expect(inetInsertIfa(inetAllocIfa(inDevGet(dev) as InDevice, { local: ip4(local), prefixlen: 24, flags: U.IFA_F_PERMANENT }))).toBe(0);
  }

  /** A route to `prefix` by way of `gw` in a table. */
  route(prefix: string, gw: string, table: number, more: Partial<FibConfig> = {}): void {
    const [dst, plen] = prefix.split('/') as [string, string];
    const cfg = Config.of({ dst: ip4(dst), dstLen: Number(plen), gw: ip4(gw), table, type: U.RTN_UNICAST, nlflags: U.NLM_F_CREATE | U.NLM_F_EXCL, ...more });
    const state = fibNet.of(this.net);
    expect(fibTableInsert(state, fibNewTable(state, table), cfg, null)).toBe(0);
  }

  /** The gateway for a flow, or the errno. */
  find(daddr: string, more: Partial<Flowi4> = {}): string | number {
    const res = new FibResult();
    const err = fibLookup(this.net, Object.assign(new Flowi4(), { daddr: ip4(daddr), iif: 1 }, more), res);
    return err === 0 ? inetNtoa(res.nh?.gw ?? 0) : err;
  }

  send(type: number, flags: number, frh: Partial<FibRuleHdr>, attrs: Attrs = [], cut?: number): NlReply {
    const b = new NlMsgBuilder();
    const nlh = b.nlmsgPut(type, U.NLM_F_REQUEST | flags, 1, 0, FibRuleHdr.of({ family: U.AF_INET, ...frh }));
    for (const [attr, value] of attrs) b.nlaPut(attr, value);
    b.nlmsgEnd(nlh);
    const bytes = cut === undefined ? b.bytes().slice() : b.bytes().slice(0, cut);
    bytes[0] = bytes.length & 0xff;
    bytes[1] = bytes.length >>> 8;
    return nlTalk(this.port, bytes);
  }

  /** `ip rule add`: the errno and its text. */
  add(frh: Partial<FibRuleHdr>, attrs: Attrs = [], flags: number = U.NLM_F_CREATE | U.NLM_F_EXCL): [number, string] {
    const { error, extack } = this.send(U.RTM_NEWRULE, U.NLM_F_ACK | flags, { action: U.FR_ACT_TO_TBL, ...frh }, attrs);
    return [error, extack];
  }

  del(frh: Partial<FibRuleHdr>, attrs: Attrs = []): [number, string] {
    const { error, extack } = this.send(U.RTM_DELRULE, U.NLM_F_ACK, frh, attrs);
    return [error, extack];
  }

  /** All rules, a hex string each. */
  dump(): string[] {
    return this.send(U.RTM_GETRULE, U.NLM_F_DUMP, {}).msgs.map(payload);
  }

  /** Preference and table of all rules, in their order. */
  list(): string[] {
    return this.dump().map((hex) => {
      const at = hex.indexOf('08000600');
      const pref = at < 0 ? 0 : Buffer.from(hex.slice(at + 8, at + 16), 'hex').readUInt32LE();
      return `${pref} ${Number.parseInt(hex.slice(8, 10), 16)}`;
    });
  }
}

export function payload(nlh: NlMsgHdr): string {
  return Buffer.from(nlh.buf.slice(nlh.data, nlh.off + nlh.len)).toString('hex');
}

export function heard(port: NetlinkPort): string[] {
  const out: string[] = [];
  for (let d = port.recvmsg(); typeof d !== 'number'; d = port.recvmsg()) out.push(...nlmsgAll(d.data).map((nlh) => `${nlh.type} ${payload(nlh)}`));
  return out;
}

/** A fresh host for each test; after it nothing may be left. */
export function useHost(): { readonly h: Host } {
  const holder = { h: null as unknown as Host };
  beforeEach(() => {
    holder.h = new Host();
  });
  afterEach(() => {
    expect(holder.h.kernel.shutdown()).toEqual({});
  });
  return holder;
}
