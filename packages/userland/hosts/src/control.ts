/** The typed control plane of one host: links, addresses, routes, neighbours. Every call is a netlink message. */
import type { Net } from '@skbuff/core';
import { IfAddrMsg, IfInfoMsg, NdMsg, type NlMsgBuilder, type NlMsgHdr, RtMsg, nlaFind, nlaGetString, nlaGetU32 } from '@skbuff/netlink';
import { SysError } from '@skbuff/sock';
import {
  AF_INET,
  AF_UNSPEC,
  ENETUNREACH,
  ENODEV,
  IFA_ADDRESS,
  IFA_BROADCAST,
  IFA_LABEL,
  IFA_LOCAL,
  IFF_UP,
  IFLA_ADDRESS,
  IFLA_IFNAME,
  IFLA_INFO_KIND,
  IFLA_LINKINFO,
  IFLA_MTU,
  NDA_DST,
  NDA_LLADDR,
  NLA_HDRLEN,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  NUD_PERMANENT,
  RTA_DST,
  RTA_GATEWAY,
  RTA_OIF,
  RTA_PREFSRC,
  RTA_PRIORITY,
  RTM_DELADDR,
  RTM_DELLINK,
  RTM_DELROUTE,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_GETROUTE,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWNEIGH,
  RTM_NEWROUTE,
  RTN_UNICAST,
  RTPROT_BOOT,
  RT_SCOPE_LINK,
  RT_SCOPE_NOWHERE,
  RT_SCOPE_UNIVERSE,
  RT_TABLE_MAIN,
} from '@skbuff/uapi';
import { be32, formatMac, inetMakeMask, inetNtoa } from '@skbuff/wire';
import { macBytes, parseAddress, parseCidr, parseDestination } from './addresses.ts';
import { RtnlClient } from './rtnl-client.ts';

export interface LinkInfo {
  readonly ifindex: number;
  readonly name: string;
  readonly up: boolean;
  readonly mtu: number;
  readonly address: string;
}

export interface LinkChange {
  readonly dev: string;
  readonly up?: boolean;
  readonly mtu?: number;
  readonly address?: string;
  readonly name?: string;
}

export interface AddressSpec {
  readonly dev: string;
  /** `10.0.0.1/24` */
  readonly cidr: string;
  readonly label?: string;
}

export interface AddressInfo {
  readonly dev: string;
  /** `10.0.0.1` */
  readonly address: string;
  /** `10.0.0.1/24` */
  readonly cidr: string;
  /** Its scope is global, so others may use it. */
  readonly global: boolean;
}

export interface RouteSpec {
  /** `default`, `10.0.2.0/24`, `10.0.2.1` */
  readonly to: string;
  readonly via?: string;
  readonly dev?: string;
  readonly src?: string;
  readonly metric?: number;
}

/** What the kernel would do with a packet to an address. */
export interface RouteAnswer {
  readonly dev: string;
  /** Absent: the destination is on the link, or here. */
  readonly via?: string;
  readonly src?: string;
}

export interface NeighbourSpec {
  readonly dev: string;
  readonly to: string;
  readonly address: string;
}

/** Common to the parts: the client and the device names. */
class Part {
  protected readonly client: RtnlClient;
  private readonly net: Net;

  constructor(net: Net, client: RtnlClient) {
    this.net = net;
    this.client = client;
  }

  protected index(dev: string): number {
    const found = this.net.devGetByName(dev);
    if (found === null) {
      const known = this.net.devList.map((other) => other.name).join(', ');
      throw new SysError(`device ${dev}`, ENODEV, `There is no such device here; there are: ${known}`);
    }
    return found.ifindex;
  }

  protected name(ifindex: number): string {
    return this.net.devGetByIndex(ifindex)?.name ?? `if${ifindex}`;
  }
}

export class Links extends Part {
  /** `ip link set` */
  set(change: LinkChange): void {
    const header = IfInfoMsg.of({ index: this.index(change.dev) });
    if (change.up !== undefined) {
      header.flags = change.up ? IFF_UP : 0;
      header.change = IFF_UP;
    }
    this.client.request(`ip link set ${change.dev}`, RTM_NEWLINK, 0, header, (b) => {
      if (change.name !== undefined) b.nlaPutString(IFLA_IFNAME, change.name);
      if (change.mtu !== undefined) b.nlaPutU32(IFLA_MTU, change.mtu);
      if (change.address !== undefined) b.nlaPut(IFLA_ADDRESS, macBytes(change.address));
    });
  }

  /** `ip link add NAME type KIND` */
  add(name: string, kind: string): void {
    this.client.request(`ip link add ${name} type ${kind}`, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, new IfInfoMsg(), (b) => {
      b.nlaPutString(IFLA_IFNAME, name);
      const info = b.nlaNestStart(IFLA_LINKINFO);
      b.nlaPutString(IFLA_INFO_KIND, kind);
      b.nlaNestEnd(info);
    });
  }

  /** `ip link del` */
  del(dev: string): void {
    this.client.request(`ip link del ${dev}`, RTM_DELLINK, 0, IfInfoMsg.of({ index: this.index(dev) }), () => {});
  }

  /** `ip link show` */
  list(): LinkInfo[] {
    return this.client.dump('ip link show', RTM_GETLINK, IfInfoMsg.of({ family: AF_UNSPEC })).map(linkInfo);
  }
}

function linkInfo(nlh: NlMsgHdr): LinkInfo {
  const header = new IfInfoMsg().read(nlh.buf, nlh.data);
  const attr = (type: number): number => nlaFind(nlh.buf, nlh.data + IfInfoMsg.LEN, nlh.dataLen - IfInfoMsg.LEN, type);
  const address = attr(IFLA_ADDRESS);
  return {
    ifindex: header.index,
    name: nlaGetString(nlh.buf, attr(IFLA_IFNAME)),
    up: (header.flags & IFF_UP) !== 0,
    mtu: nlaGetU32(nlh.buf, attr(IFLA_MTU)),
    address: address < 0 ? '' : formatMac(nlh.buf, address + NLA_HDRLEN),
  };
}

export class Addresses extends Part {
  /** `ip addr add CIDR broadcast + dev DEV` */
  add(spec: AddressSpec): void {
    this.change(`ip addr add ${spec.cidr} dev ${spec.dev}`, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, spec);
  }

  /** `ip addr del` */
  del(spec: AddressSpec): void {
    this.change(`ip addr del ${spec.cidr} dev ${spec.dev}`, RTM_DELADDR, 0, spec);
  }

  /** `ip -4 addr show` */
  list(): AddressInfo[] {
    return this.client.dump('ip addr show', RTM_GETADDR, IfAddrMsg.of({ family: AF_INET })).map((nlh) => {
      const header = new IfAddrMsg().read(nlh.buf, nlh.data);
      const local = nlaFind(nlh.buf, nlh.data + IfAddrMsg.LEN, nlh.dataLen - IfAddrMsg.LEN, IFA_LOCAL);
      const address = inetNtoa(be32(nlh.buf, local + NLA_HDRLEN));
      return { dev: this.name(header.index), address, cidr: `${address}/${header.prefixlen}`, global: header.scope === RT_SCOPE_UNIVERSE };
    });
  }

  private change(what: string, type: number, flags: number, spec: AddressSpec): void {
    const { addr, plen } = parseCidr(spec.cidr);
    const header = IfAddrMsg.of({ family: AF_INET, prefixlen: plen, index: this.index(spec.dev) });
    this.client.request(what, type, flags, header, (b) => {
      b.nlaPutInAddr(IFA_LOCAL, addr);
      b.nlaPutInAddr(IFA_ADDRESS, addr);
      if (plen < 31 && type === RTM_NEWADDR) b.nlaPutInAddr(IFA_BROADCAST, (addr | ~inetMakeMask(plen)) >>> 0);
      if (spec.label !== undefined) b.nlaPutString(IFA_LABEL, spec.label);
    });
  }
}

export class Routes extends Part {
  /** `ip route add` */
  add(spec: RouteSpec): void {
    this.change(`ip route add ${describe(spec)}`, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, spec);
  }

  /** `ip route replace` */
  replace(spec: RouteSpec): void {
    this.change(`ip route replace ${describe(spec)}`, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, spec);
  }

  /** `ip route del` */
  del(spec: RouteSpec): void {
    this.change(`ip route del ${describe(spec)}`, RTM_DELROUTE, 0, spec);
  }

  /** `ip route get`: throws `SysError` (ENETUNREACH, EHOSTUNREACH, EACCES …) where there is none. */
  get(to: string): RouteAnswer {
    const header = RtMsg.of({ family: AF_INET, dstLen: 32 });
    const [nlh] = this.client.request(`ip route get ${to}`, RTM_GETROUTE, 0, header, (b) => b.nlaPutInAddr(RTA_DST, parseAddress(to)));
    if (nlh === undefined) throw new SysError(`ip route get ${to}`, ENETUNREACH);
    const attr = (type: number): number => nlaFind(nlh.buf, nlh.data + RtMsg.LEN, nlh.dataLen - RtMsg.LEN, type);
    const address = (type: number): string | undefined => (attr(type) < 0 ? undefined : inetNtoa(be32(nlh.buf, attr(type) + NLA_HDRLEN)));
    const via = address(RTA_GATEWAY);
    const src = address(RTA_PREFSRC);
    const oif = attr(RTA_OIF);
    const dev = oif < 0 ? '' : this.name(nlaGetU32(nlh.buf, oif));
    return { dev, ...(via !== undefined && { via }), ...(src !== undefined && { src }) };
  }

  private change(what: string, type: number, flags: number, spec: RouteSpec): void {
    const { addr, plen } = parseDestination(spec.to);
    const scope = type === RTM_DELROUTE ? RT_SCOPE_NOWHERE : spec.via === undefined ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
    const header = RtMsg.of({
      family: AF_INET,
      dstLen: plen,
      table: RT_TABLE_MAIN,
      protocol: type === RTM_DELROUTE ? 0 : RTPROT_BOOT,
      scope,
      type: type === RTM_DELROUTE ? 0 : RTN_UNICAST,
    });
    this.client.request(what, type, flags, header, (b) => this.attributes(b, spec, addr, plen));
  }

  private attributes(b: NlMsgBuilder, spec: RouteSpec, addr: number, plen: number): void {
    if (plen > 0) b.nlaPutInAddr(RTA_DST, addr);
    if (spec.via !== undefined) b.nlaPutInAddr(RTA_GATEWAY, parseAddress(spec.via));
    if (spec.dev !== undefined) b.nlaPutU32(RTA_OIF, this.index(spec.dev));
    if (spec.src !== undefined) b.nlaPutInAddr(RTA_PREFSRC, parseAddress(spec.src));
    if (spec.metric !== undefined) b.nlaPutU32(RTA_PRIORITY, spec.metric);
  }
}

function describe(spec: RouteSpec): string {
  return spec.to + (spec.via === undefined ? '' : ` via ${spec.via}`) + (spec.dev === undefined ? '' : ` dev ${spec.dev}`);
}

export class Neighbours extends Part {
  /** `ip neigh replace TO lladdr ADDRESS dev DEV nud permanent` */
  add(spec: NeighbourSpec): void {
    const header = NdMsg.of({ family: AF_INET, ifindex: this.index(spec.dev), state: NUD_PERMANENT });
    this.client.request(`ip neigh replace ${spec.to} dev ${spec.dev}`, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, header, (b) => {
      b.nlaPutInAddr(NDA_DST, parseAddress(spec.to));
      b.nlaPut(NDA_LLADDR, macBytes(spec.address));
    });
  }
}
