/** RTM_NEWNETCONF, RTM_DELNETCONF, RTM_GETNETCONF: settings of interfaces that routing daemons follow, of one family each. */
import type { ModuleContext, Net, NetDevice } from '@skbuff/core';
import {
  NlAttrs,
  NLA_UNSPEC,
  type NetlinkCallback,
  type NetlinkExtAck,
  type NetlinkSkb,
  nlaPolicy,
  nlaPolicySet,
  type NlaPolicySet,
  NlMsgBuilder,
  type NlMsgHdr,
  nlmsgParseDeprecated,
  nlmsgParseDeprecatedStrict,
  RtGenMsg,
  rtnlHasListeners,
  rtnlNotify,
  rtnlRegister,
  rtnlUnicast,
} from '@skbuff/netlink';
import * as U from '@skbuff/uapi';

/** `struct netconfmsg` is a family and nothing else. */
const NETCONFMSG_LEN: number = RtGenMsg.LEN;
const NETCONFMSG_ALIGNED = 4;

/** A family's settings, `C` by name of a field `F`. */
export interface NetconfFamily<F extends string, C extends Readonly<Record<F, number>>> {
  /** AF_* */
  readonly family: number;
  /** RTNLGRP_* */
  readonly group: number;
  /** With which messages begin. */
  readonly name: string;
  /** What a message tells, in its order: NETCONFA_* */
  readonly told: readonly (readonly [attr: number, field: F])[];
  /** Negative errno for an interface that there is not. */
  readonly noDevice: number;
  readonly all: (net: Net) => C;
  readonly dflt: (net: Net) => C;
  /** Null: the device takes no part in the family. */
  readonly of: (dev: NetDevice) => C | null;
}

export class Netconf<F extends string, C extends Readonly<Record<F, number>>> {
  private readonly f: NetconfFamily<F, C>;
  private readonly policy: NlaPolicySet;

  constructor(family: NetconfFamily<F, C>) {
    this.f = family;
    const attrs = [U.NETCONFA_IFINDEX, ...family.told.map(([attr]) => attr)];
    this.policy = nlaPolicySet(U.NETCONFA_MAX, Object.fromEntries(attrs.map((attr) => [attr, nlaPolicy(NLA_UNSPEC, 4)])));
  }

  /** Registers the handlers. */
  register(ctx: ModuleContext): void {
    rtnlRegister(
      ctx,
      this.f.family,
      U.RTM_GETNETCONF,
      (skb, nlh, extack) => this.get(skb, nlh, extack),
      (b, cb) => this.dump(b, cb),
    );
  }

  /**
   * `inet_netconf_notify_devconf`: tells the group of settings `attr` (NETCONFA_ALL: each; one that no message tells: only whose it is);
   * `cnf` null: that they are gone. `ifindex` may be NETCONFA_IFINDEX_ALL or NETCONFA_IFINDEX_DEFAULT.
   */
  notify(net: Net, type: number, attr: number, ifindex: number, cnf: C | null): void {
    const { group } = this.f;
    if (!rtnlHasListeners(net, group)) return;
    const b = new NlMsgBuilder();
    this.fill(b, ifindex, cnf, type, 0, 0, 0, attr);
    rtnlNotify(net, b.bytes(), 0, group, null);
  }

  /** `inet_netconf_fill_devconf`. */
  private fill(b: NlMsgBuilder, ifindex: number, cnf: C | null, type: number, portid: number, seq: number, flags: number, attr: number): number {
    const nlh = b.nlmsgPut(type, flags, seq, portid, RtGenMsg.of({ family: this.f.family }));
    b.nlaPutS32(U.NETCONFA_IFINDEX, ifindex);
    if (cnf !== null) for (const [told, field] of this.f.told) if (attr === U.NETCONFA_ALL || attr === told) b.nlaPutS32(told, cnf[field]);
    return b.nlmsgEnd(nlh);
  }

  private refuse(extack: NetlinkExtAck, text: string): number {
    extack.setErrMsg(`${this.f.name}: ${text}`);
    return -U.EINVAL;
  }

  /** `inet_netconf_valid_get_req`. */
  private validGet(skb: NetlinkSkb, nlh: NlMsgHdr, tb: NlAttrs, extack: NetlinkExtAck): number {
    if (nlh.dataLen < NETCONFMSG_LEN) return this.refuse(extack, 'Invalid header for netconf get request');
    if (!skb.port.option(U.NETLINK_GET_STRICT_CHK)) return nlmsgParseDeprecated(nlh, NETCONFMSG_LEN, tb, this.policy, extack);
    const err = nlmsgParseDeprecatedStrict(nlh, NETCONFMSG_LEN, tb, this.policy, extack);
    if (err < 0) return err;
    for (let attr = 1; attr <= U.NETCONFA_MAX; attr++) {
      if (tb.has(attr) && attr !== U.NETCONFA_IFINDEX) return this.refuse(extack, 'Unsupported attribute in netconf get request');
    }
    return 0;
  }

  private settingsOf(net: Net, ifindex: number): C | number {
    if (ifindex === U.NETCONFA_IFINDEX_ALL) return this.f.all(net);
    if (ifindex === U.NETCONFA_IFINDEX_DEFAULT) return this.f.dflt(net);
    if (ifindex <= 0) return -U.EINVAL;
    const dev = net.devGetByIndex(ifindex);
    return dev === null ? this.f.noDevice : (this.f.of(dev) ?? -U.EINVAL);
  }

  /** `inet_netconf_get_devconf`. */
  private get(skb: NetlinkSkb, nlh: NlMsgHdr, extack: NetlinkExtAck): number {
    const { net } = skb;
    const tb = new NlAttrs(U.NETCONFA_MAX);
    const err = this.validGet(skb, nlh, tb, extack);
    if (err < 0) return err;
    if (!tb.has(U.NETCONFA_IFINDEX)) return -U.EINVAL;
    const ifindex = tb.s32(U.NETCONFA_IFINDEX);
    const cnf = this.settingsOf(net, ifindex);
    if (typeof cnf === 'number') return cnf;
    const b = new NlMsgBuilder();
    this.fill(b, ifindex, cnf, U.RTM_NEWNETCONF, skb.portid, nlh.seq, 0, U.NETCONFA_ALL);
    return rtnlUnicast(net, b.bytes(), skb.portid);
  }

  /** `inet_netconf_dump_devconf`: interfaces by index, then `all` and `default`. `cb.args[0]`: how many were told. */
  private dump(b: NlMsgBuilder, cb: NetlinkCallback): number {
    const { skb, nlh, extack } = cb;
    if (cb.strictCheck) {
      if (nlh.dataLen < NETCONFMSG_LEN) return this.refuse(extack, 'Invalid header for netconf dump request');
      // The kernel reckons with the header's padding: a message that ends before it has less than nothing behind it.
      if (nlh.dataLen !== NETCONFMSG_ALIGNED) return this.refuse(extack, 'Invalid data after header in netconf dump request');
    }
    const devices = [...skb.net.devList].sort((x, y) => x.ifindex - y.ifindex);
    const all: (readonly [number, C | null])[] = devices.map((dev) => [dev.ifindex, this.f.of(dev)] as const);
    all.push([U.NETCONFA_IFINDEX_ALL, this.f.all(skb.net)], [U.NETCONFA_IFINDEX_DEFAULT, this.f.dflt(skb.net)]);
    for (; cb.args[0] < all.length; cb.args[0]++) {
      const [ifindex, cnf] = all[cb.args[0]] as readonly [number, C | null];
      if (cnf === null) continue;
      const err = this.fill(b, ifindex, cnf, U.RTM_NEWNETCONF, skb.portid, nlh.seq, U.NLM_F_MULTI, U.NETCONFA_ALL);
      if (err < 0) return err;
    }
    return 0;
  }
}
