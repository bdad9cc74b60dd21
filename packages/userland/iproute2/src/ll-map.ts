/** What is known about links: names and indices, asked from the kernel when they are needed. */
import type { CommandEnv } from '@skbuff/command';
import { ifNametoindex } from '@skbuff/netdb';
import { IfInfoMsg, NlAttrs, type NlMsgHdr, nlaForEachNested, nlaGetString } from '@skbuff/netlink';
import {
  IFLA_ADDRESS,
  IFLA_ALT_IFNAME,
  IFLA_EXT_MASK,
  IFLA_IFNAME,
  IFLA_MAX,
  IFLA_PROP_LIST,
  IFLA_TXQLEN,
  RTEXT_FILTER_SKIP_STATS,
  RTEXT_FILTER_VF,
  RTM_DELLINK,
  RTM_GETLINK,
} from '@skbuff/uapi';
import { parseAttrs } from './attrs.ts';
import { linkKind, vrfTable } from './link-kind.ts';
import type { Rtnl } from './rtnl.ts';

export interface Link {
  readonly index: number;
  readonly name: string;
  /** ARPHRD_* */
  readonly type: number;
  /** IFF_* */
  readonly flags: number;
  readonly altnames: readonly string[];
  /** `veth`, or null. */
  readonly kind: string | null;
  /** The routing table of a VRF device, else 0. */
  readonly vrfTable: number;
  readonly txqlen: number;
  /** Bytes of the hardware address. */
  readonly addressLength: number;
}

const IFNAMSIZ = 16;

export class LlMap {
  private readonly byIndex: Map<number, Link> = new Map();
  private readonly byName: Map<string, Link> = new Map();
  private readonly rtnl: Rtnl;
  private readonly env: CommandEnv;
  private readonly tb = new NlAttrs(IFLA_MAX);

  constructor(rtnl: Rtnl, env: CommandEnv) {
    this.rtnl = rtnl;
    this.env = env;
  }

  /** `ll_remember_index`. A link keeps the name under which it was met first. */
  remember(nlh: NlMsgHdr): void {
    const ifi = new IfInfoMsg().read(nlh.buf, nlh.data);
    const met = this.byIndex.get(ifi.index)?.name;
    this.forget(ifi.index);
    if (nlh.type === RTM_DELLINK) return;
    const tb = parseAttrs(this.tb, nlh, IfInfoMsg.LEN);
    if (!tb.has(IFLA_IFNAME)) return;
    const altnames: string[] = [];
    if (tb.has(IFLA_PROP_LIST)) {
      nlaForEachNested(tb.buf, tb.at(IFLA_PROP_LIST), (attr, type) => {
        if (type === IFLA_ALT_IFNAME) altnames.push(nlaGetString(tb.buf, attr));
        return 0;
      });
    }
    const name = tb.string(IFLA_IFNAME);
    const link: Link = { index: ifi.index, name: met ?? name, type: ifi.type, flags: ifi.flags, altnames, kind: linkKind(tb), vrfTable: vrfTable(tb), txqlen: tb.s32(IFLA_TXQLEN, -1), addressLength: tb.len(IFLA_ADDRESS) };
    this.byIndex.set(link.index, link);
    for (const known of [name, ...altnames]) this.byName.set(known, link);
  }

  private forget(index: number): void {
    const link = this.byIndex.get(index);
    if (link === undefined) return;
    this.byIndex.delete(index);
    for (const [name, known] of this.byName) if (known === link) this.byName.delete(name);
  }

  /** `ll_init_map`: asks for all links at once. */
  init(): void {
    const req = this.rtnl.request(RTM_GETLINK, 0, new IfInfoMsg());
    req.builder.nlaPutU32(IFLA_EXT_MASK, RTEXT_FILTER_VF);
    this.rtnl.dump(req, (nlh) => (this.remember(nlh), 0));
  }

  /** `ll_name_to_index`: 0 when there is no such link. By ioctl a link is known by its aliases (`eth0:1`) too; `if5` is number 5, there or not. */
  nameToIndex(name: string): number {
    return this.link(name)?.index ?? (ifNametoindex(this.env.task, name) || Number(/^if(\d+)/.exec(name)?.[1] ?? 0));
  }

  link(name: string): Link | null {
    if (!this.byName.has(name)) this.get(name, 0);
    return this.byName.get(name) ?? null;
  }

  linkOf(index: number): Link | null {
    if (index !== 0 && !this.byIndex.has(index)) this.get('', index);
    return this.byIndex.get(index) ?? null;
  }

  /** `ll_index_to_name`. */
  indexToName(index: number): string {
    if (index === 0) return '*';
    return this.linkOf(index)?.name ?? `if${index}`;
  }

  /** `ll_index_to_flags`: of a link that is known already, else 0. */
  knownFlags(index: number): number | null {
    return this.byIndex.get(index)?.flags ?? null;
  }

  indexToType(index: number): number {
    return this.linkOf(index)?.type ?? -1;
  }

  /** The index of a VRF device, 0 for anything else. */
  vrfIndex(name: string): number {
    const link = this.link(name);
    return link?.kind === 'vrf' ? link.index : 0;
  }

  /** `ipvrf_get_table`: the table of a VRF device, 0 for anything else. */
  vrfTable(name: string): number {
    return this.link(name)?.vrfTable ?? 0;
  }

  /** What SIOCGIFTXQLEN tells, for links that were told without it. */
  txQueueLength(index: number): number {
    if ((this.linkOf(index)?.txqlen ?? -1) < 0) this.get('', index);
    return Math.max(this.linkOf(index)?.txqlen ?? 0, 0);
  }

  /** Bytes of a link's hardware address, or -1 when there is no such link. */
  addressLength(name: string): number {
    return this.link(name)?.addressLength ?? -1;
  }

  private get(name: string, index: number): void {
    const req = this.rtnl.request(RTM_GETLINK, 0, IfInfoMsg.of({ index }));
    req.builder.nlaPutU32(IFLA_EXT_MASK, RTEXT_FILTER_VF | RTEXT_FILTER_SKIP_STATS);
    if (name !== '') req.builder.nlaPutString(name.length < IFNAMSIZ ? IFLA_IFNAME : IFLA_ALT_IFNAME, name);
    const answer = this.rtnl.ask(req, true);
    if (typeof answer !== 'number') this.remember(answer);
  }
}
