/** The typed control plane of one host: links, routes, neighbours. Every call is a netlink message. */
import { IfInfoMsg, NdMsg, type NlMsgBuilder, type NlMsgHdr, RtMsg, nlaFind, nlaGetString, nlaGetU32 } from '@skbuff/netlink';
import { SysError } from '@skbuff/sock';
import {
  AF_UNSPEC,
  ENETUNREACH,
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
  RTM_DELLINK,
  RTM_DELROUTE,
  RTM_GETLINK,
  RTM_GETROUTE,
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
import { afBitLen, formatMac, type InetPrefix } from '@skbuff/wire';
import { addressOf, inetText, type InetText, macBytes, parseDestination, parseScoped } from './addresses.ts';
import { checkArgs, checkCall, deviceName, flag, inet, type Kinds, optional, word, whole } from './checks.ts';
import { inetFamily } from './inet-family.ts';
import { nlaAddress, Part } from './part.ts';

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

export interface RouteSpec {
  /** `default` (of the family of `via`; without one of IPv4), `10.0.2.0/24`, `10.0.2.1`, `2001:db8:2::/64`, `::/0` */
  readonly to: InetText;
  readonly via?: InetText;
  readonly dev?: string;
  readonly src?: InetText;
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
  readonly to: InetText;
  readonly address: string;
}

const U32 = whole(0, 0xffffffff);
const LINK_CHANGE: Kinds<LinkChange> = { dev: word, up: optional(flag), mtu: optional(U32), address: optional(word), name: optional(deviceName) };
const ROUTE: Kinds<RouteSpec> = { to: inet, via: optional(inet), dev: optional(word), src: optional(inet), metric: optional(U32) };
const NEIGHBOUR: Kinds<NeighbourSpec> = { dev: word, to: inet, address: word };

export class Links extends Part {
  /** `ip link set` */
  set(change: LinkChange): void {
    checkCall(this.net.kernel, "link.set({ dev: 'eth0', up: true })", change, LINK_CHANGE);
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
    checkCall(this.net.kernel, "link.add('d0', 'dummy')", { name, kind }, { name: deviceName, kind: word });
    this.client.request(`ip link add ${name} type ${kind}`, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, new IfInfoMsg(), (b) => {
      b.nlaPutString(IFLA_IFNAME, name);
      const info = b.nlaNestStart(IFLA_LINKINFO);
      b.nlaPutString(IFLA_INFO_KIND, kind);
      b.nlaNestEnd(info);
    });
  }

  /** `ip link del` */
  del(dev: string): void {
    checkCall(this.net.kernel, "link.del('d0')", { dev }, { dev: word });
    this.client.request(`ip link del ${dev}`, RTM_DELLINK, 0, IfInfoMsg.of({ index: this.index(dev) }), () => {});
  }

  /** `ip link show` */
  list(): LinkInfo[] {
    checkCall(this.net.kernel, 'link.list()', {}, {});
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

export class Routes extends Part {
  /** `ip route add` */
  add(spec: RouteSpec): void {
    this.change('add', RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, spec);
  }

  /** `ip route replace` */
  replace(spec: RouteSpec): void {
    this.change('replace', RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, spec);
  }

  /** `ip route del` */
  del(spec: RouteSpec): void {
    this.change('del', RTM_DELROUTE, 0, spec);
  }

  /** `ip route get`: throws `SysError` (ENETUNREACH, EHOSTUNREACH, EACCES …) where there is none. With a zone (`fe80::1%eth0`) by that interface. */
  get(to: InetText): RouteAnswer {
    checkCall(this.net.kernel, "route.get('10.0.2.2')", { to }, { to: inet });
    const { family, bytes, scopeId } = parseScoped(this.net, to);
    const header = RtMsg.of({ family, dstLen: afBitLen(family) });
    const [nlh] = this.client.request(`ip route get ${inetText(to)}`, RTM_GETROUTE, 0, header, (b) => {
      b.nlaPut(RTA_DST, bytes);
      if (scopeId > 0) b.nlaPutU32(RTA_OIF, scopeId);
    });
    if (nlh === undefined) throw new SysError(`ip route get ${inetText(to)}`, ENETUNREACH);
    const attr = (type: number): number => nlaFind(nlh.buf, nlh.data + RtMsg.LEN, nlh.dataLen - RtMsg.LEN, type);
    const address = (type: number): string | undefined => (attr(type) < 0 ? undefined : nlaAddress(nlh, attr(type), family));
    const via = address(RTA_GATEWAY);
    const src = address(RTA_PREFSRC);
    const oif = attr(RTA_OIF);
    const dev = oif < 0 ? '' : this.name(nlaGetU32(nlh.buf, oif));
    return { dev, ...(via !== undefined && { via }), ...(src !== undefined && { src }) };
  }

  private change(verb: string, type: number, flags: number, spec: RouteSpec): void {
    const call = `route.${verb}({ to: 'default', via: '10.0.0.1' })`;
    checkCall(this.net.kernel, call, spec, ROUTE);
    const to = destinationOf(spec);
    checkFamilies(call, to.family, { via: spec.via, src: spec.src });
    const scope = type === RTM_DELROUTE ? RT_SCOPE_NOWHERE : spec.via === undefined ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
    const header = RtMsg.of({
      family: to.family,
      dstLen: to.bitlen,
      table: RT_TABLE_MAIN,
      protocol: type === RTM_DELROUTE ? 0 : RTPROT_BOOT,
      scope,
      type: type === RTM_DELROUTE ? 0 : RTN_UNICAST,
    });
    this.client.request(`ip route ${verb} ${describe(spec)}`, type, flags, header, (b) => this.attributes(b, spec, to));
  }

  private attributes(b: NlMsgBuilder, spec: RouteSpec, to: InetPrefix): void {
    if (to.bitlen > 0) b.nlaPut(RTA_DST, to.bytes);
    if (spec.via !== undefined) b.nlaPut(RTA_GATEWAY, addressOf(spec.via).bytes);
    if (spec.dev !== undefined) b.nlaPutU32(RTA_OIF, this.index(spec.dev));
    if (spec.src !== undefined) b.nlaPut(RTA_PREFSRC, addressOf(spec.src).bytes);
    if (spec.metric !== undefined) b.nlaPutU32(RTA_PRIORITY, spec.metric);
  }
}

/** `default` is of the family of the gateway. */
function destinationOf({ to, via }: RouteSpec): InetPrefix {
  if (typeof to !== 'string') return to;
  return via === undefined ? parseDestination(to) : parseDestination(to, addressOf(via).family);
}

/** Addresses of a route are of the family of its destination. */
function checkFamilies(call: string, family: number, addresses: Readonly<Record<string, InetText | undefined>>): void {
  const same = (value: unknown): string => (value === undefined || addressOf(value as InetText).family === family ? '' : `of the family of to, which is ${inetFamily(family).name}`);
  checkArgs(call, addresses, Object.fromEntries(Object.keys(addresses).map((name) => [name, same])));
}

function describe(spec: RouteSpec): string {
  return inetText(spec.to) + (spec.via === undefined ? '' : ` via ${inetText(spec.via)}`) + (spec.dev === undefined ? '' : ` dev ${spec.dev}`);
}

export class Neighbours extends Part {
  /** `ip neigh replace TO lladdr ADDRESS dev DEV nud permanent` */
  add(spec: NeighbourSpec): void {
    checkCall(this.net.kernel, "neigh.add({ dev: 'eth0', to: '10.0.0.9', address: '02:00:00:00:00:09' })", spec, NEIGHBOUR);
    const { family, bytes } = addressOf(spec.to);
    const header = NdMsg.of({ family, ifindex: this.index(spec.dev), state: NUD_PERMANENT });
    this.client.request(`ip neigh replace ${inetText(spec.to)} dev ${spec.dev}`, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, header, (b) => {
      b.nlaPut(NDA_DST, bytes);
      b.nlaPut(NDA_LLADDR, macBytes(spec.address));
    });
  }
}
