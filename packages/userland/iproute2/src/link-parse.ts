/** The words that describe a link in `ip link add` and `ip link set` (`iplink_parse`). */
import { atoi } from '@skbuff/command';
import { IfInfoMsg, strToBytes } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import type { Args } from './args.ts';
import { matches } from './args.ts';
import type { IpContext } from './context.ts';
import { llAddrA2n } from './inet.ts';
import { readVf } from './link-vf.ts';
import { readXdp, XDP_WORDS } from './link-xdp.ts';
import { groups, LINK_MODES, OPER_STATES } from './names.ts';
import { nsidOfName } from './netns-id.ts';
import { getInteger, getUnsigned } from './numbers.ts';
import type { RtnlRequest } from './rtnl.ts';
import { usageLink } from './usage.ts';

const IFALIASZ = 256;

/** `check_ifname`. */
export function isIfname(name: string): boolean {
  return name.length < 16 && isAltname(name);
}

/** `check_altifname`. */
export function isAltname(name: string): boolean {
  return name !== '' && !/[/\s]/.test(name);
}

export class LinkParser {
  readonly ctx: IpContext;
  readonly req: RtnlRequest;
  readonly ifi: IfInfoMsg;
  /** NLM_F_CREATE is set. */
  readonly create: boolean;
  name: string | null = null;
  dev: string | null = null;
  link: string | null = null;
  type: string | null = null;
  index = 0;
  group = -1;
  qlen: number | null = null;
  mtu: number | null = null;
  txQueues: number | null = null;
  rxQueues: number | null = null;
  netns = false;
  addrLen = 0;
  /** A complaint was made. */
  failed = false;

  constructor(ctx: IpContext, req: RtnlRequest, ifi: IfInfoMsg, create: boolean) {
    this.ctx = ctx;
    this.req = req;
    this.ifi = ifi;
    this.create = create;
  }

  /** Another link described in the same message. */
  peer(): LinkParser {
    return new LinkParser(this.ctx, this.req, new IfInfoMsg(), this.create);
  }

  setFlag(bit: number, on: boolean): void {
    this.ifi.change |= bit;
    this.ifi.flags = on ? this.ifi.flags | bit : this.ifi.flags & ~bit;
  }

  /** Reads up to the kind (which `type` names) or the end; false after a complaint. */
  parse(args: Args): boolean {
    while (args.left > 0 && this.type === null) {
      this.word(args);
      if (this.failed) return false;
      args.skip();
    }
    return this.finish();
  }

  private word(args: Args): void {
    for (const [word, read] of WORDS) {
      if (word.endsWith('*') ? matches(args.cur, word.slice(0, -1)) : args.cur === word) return read(this, args);
    }
    if (args.abbr('help')) usageLink(this.ctx);
    if (args.is('dev')) args.next();
    if (this.dev !== null) args.duparg2('dev');
    if (!isAltname(args.cur)) args.invarg('"dev" not a valid ifname');
    this.dev = args.cur;
  }

  private finish(): boolean {
    const { ctx } = this;
    this.name ??= this.dev;
    this.dev ??= this.name;
    if (this.dev !== null && this.addrLen > 0 && !this.addressFits(this.dev)) return false;
    if (!this.create && this.index !== 0 && !this.netns) {
      ctx.die(-1, 'index can be used only when creating devices or when moving device to another netns.\n');
    }
    if (this.group !== -1) {
      if (this.dev === null) return this.wholeGroup();
      this.req.builder.nlaPutU32(U.IFLA_GROUP, this.group);
    }
    return this.create ? this.finishNew() : this.finishOld();
  }

  /** Every link of the group is meant. */
  private wholeGroup(): boolean {
    if (this.create) this.ctx.die(-1, 'group cannot be used when creating devices.\n');
    this.req.builder.nlaPutU32(U.IFLA_GROUP, this.group);
    this.ifi.index = 0;
    return true;
  }

  private finishOld(): boolean {
    if (this.dev === null) this.ctx.die(-1, 'Not enough information: "dev" argument is required.\n');
    this.ifi.index = this.ctx.links.nameToIndex(this.dev);
    if (this.ifi.index === 0) return this.ctx.nodev(this.dev) === 0;
    if (this.index !== 0) this.req.builder.nlaPutU32(U.IFLA_NEW_IFINDEX, this.index);
    if (this.name !== null && this.name !== this.dev) this.req.builder.nlaPutString(U.IFLA_IFNAME, this.name);
    return true;
  }

  private finishNew(): boolean {
    if (this.name !== this.dev) this.ctx.die(-1, 'both "name" and "dev" cannot be used when creating devices.\n');
    if (this.link !== null) {
      const lower = this.ctx.links.nameToIndex(this.link);
      if (lower === 0) return this.ctx.nodev(this.link) === 0;
      this.req.builder.nlaPutU32(U.IFLA_LINK, lower);
    }
    this.ifi.index = this.index;
    if (this.name !== null) this.req.builder.nlaPutString(U.IFLA_IFNAME, this.name);
    return true;
  }

  /** The address must be as long as that of the link, if there is one already. */
  private addressFits(dev: string): boolean {
    const have = this.ctx.links.addressLength(dev);
    if (have < 0 || have === this.addrLen) return true;
    this.ctx.stderr(`Invalid address length ${this.addrLen} - must be ${have} bytes\n`);
    return false;
  }
}

type Read = (p: LinkParser, args: Args) => void;

function flag(bit: number, key: string, invert = false): Read {
  return (p, args: Args) => {
    const on = args.onOff(key);
    if (on === null) p.failed = true;
    else p.setFlag(bit, on !== invert);
  };
}

function attr8(type: number, key: string): Read {
  return (p, args: Args) => {
    const word = args.next();
    if (word !== 'on' && word !== 'off') args.die(22, `Error: argument of "${key}" must be one of "off", "on", not "${word}"\n`);
    p.req.builder.nlaPutU8(type, Number(word === 'on'));
  };
}

function size(type: number, key: string): Read {
  return (p, args: Args) => {
    const n = getUnsigned(args.next());
    if (n === null) args.invarg(`Invalid "${key}" value\n`);
    p.req.builder.nlaPutU32(type, n);
  };
}

function queues(member: 'txQueues' | 'rxQueues', type: number, key: string): Read {
  return (p, args: Args) => {
    args.next();
    if (p[member] !== null) args.duparg(key);
    const n = getInteger(args.cur);
    if (n === null) args.invarg(`Invalid "${key}" value\n`);
    p[member] = n;
    p.req.builder.nlaPutU32(type, n);
  };
}

function hwAddress(type: number): Read {
  return (p, args: Args) => {
    const bytes = llAddrA2n(args.next(), p.ctx.stderr);
    p.failed = bytes === null;
    if (bytes === null) return;
    if (type === U.IFLA_ADDRESS) p.addrLen = bytes.length;
    p.req.builder.nlaPut(type, bytes);
  };
}

const txqueuelen: Read = (p, args: Args) => {
  args.next();
  if (p.qlen !== null) args.duparg('txqueuelen');
  p.qlen = getInteger(args.cur) ?? args.invarg('Invalid "txqueuelen" value\n');
  p.req.builder.nlaPutU32(U.IFLA_TXQLEN, p.qlen);
};

const mtu: Read = (p, args: Args) => {
  args.next();
  if (p.mtu !== null) args.duparg('mtu');
  p.mtu = getInteger(args.cur) ?? args.invarg('Invalid "mtu" value\n');
  p.req.builder.nlaPutU32(U.IFLA_MTU, p.mtu);
};

const netns: Read = (p, args: Args) => {
  args.next();
  if (p.netns) args.duparg('netns');
  p.netns = true;
  // A directory that can be opened: the kernel says that it is no namespace.
  if (['', '.', '..'].includes(args.cur)) return p.req.builder.nlaPutS32(U.IFLA_NET_NS_FD, p.ctx.openMountNs());
  const net = p.ctx.env.netns.get(args.cur);
  if (net !== null) return p.req.builder.nlaPutU32(U.IFLA_NET_NS_FD, p.ctx.openNetns(net));
  p.req.builder.nlaPutU32(U.IFLA_NET_NS_PID, getInteger(args.cur) ?? args.invarg('Invalid "netns" value\n'));
};

const name: Read = (p, args: Args) => {
  args.next();
  if (p.name !== null) args.duparg('name');
  if (!isIfname(args.cur)) args.invarg('"name" not a valid ifname');
  p.name = args.cur;
};

const index: Read = (p, args: Args) => {
  args.next();
  if (p.index !== 0) args.duparg('index');
  p.index = atoi(args.cur);
  if (p.index <= 0) args.invarg('Invalid "index" value');
};

const alias: Read = (p, args: Args) => {
  const text = args.next();
  if (text.length >= IFALIASZ) args.invarg('alias too long\n');
  p.req.builder.nlaPut(U.IFLA_IFALIAS, strToBytes(text));
};

const group: Read = (p, args: Args) => {
  args.next();
  if (p.group !== -1) args.duparg('group');
  p.group = groups.a2n(args.cur) ?? args.invarg('Invalid "group" value\n');
};

function oneOf(type: number, names: readonly string[], message: string): Read {
  return (p, args: Args) => {
    const wanted = args.next().toLowerCase();
    const n = names.findIndex((known) => known.toLowerCase() === wanted);
    if (n < 0) args.invarg(message);
    p.req.builder.nlaPutU8(type, n);
  };
}

const master: Read = (p, args: Args) => {
  const found = p.ctx.links.nameToIndex(args.next());
  if (found === 0) args.invarg('Device does not exist\n');
  p.req.builder.nlaPutU32(U.IFLA_MASTER, found);
};

const vrf: Read = (p, args: Args) => {
  const found = p.ctx.links.vrfIndex(args.next());
  if (found === 0) args.invarg('Not a valid VRF name\n');
  p.req.builder.nlaPutU32(U.IFLA_MASTER, found);
};

const addrgenmode: Read = (p, args: Args) => {
  const mode = ['eui64', 'none', 'stable_secret', 'random'].indexOf(args.next());
  if (mode < 0) args.invarg('Invalid address generation mode\n');
  const { builder } = p.req;
  const afs = builder.nlaNestStartNoflag(U.IFLA_AF_SPEC);
  const inet6 = builder.nlaNestStartNoflag(U.AF_INET6);
  builder.nlaPutU8(U.IFLA_INET6_ADDR_GEN_MODE, mode);
  builder.nlaNestEnd(inet6);
  builder.nlaNestEnd(afs);
};

const linkNetns: Read = (p, args: Args) => {
  const id = nsidOfName(p.ctx, args.next());
  if (id < 0) args.invarg('Invalid "link-netns" value\n');
  p.req.builder.nlaPutU32(U.IFLA_LINK_NETNSID, id);
};

const linkNetnsid: Read = (p, args: Args) => {
  const id = getInteger(args.next());
  if (id === null) args.invarg('Invalid "link-netnsid" value\n');
  p.req.builder.nlaPutU32(U.IFLA_LINK_NETNSID, id);
};

const protodownReason: Read = (p, args: Args) => {
  const bit = getUnsigned(args.next());
  if (bit === null || bit > 31) args.invarg('invalid protodown reason\n');
  const on = args.onOff('protodown_reason');
  if (on === null) {
    p.failed = true;
    return;
  }
  const { builder } = p.req;
  const nest = builder.nlaNestStart(U.IFLA_PROTO_DOWN_REASON);
  builder.nlaPutU32(U.IFLA_PROTO_DOWN_REASON_MASK, (1 << bit) >>> 0);
  builder.nlaPutU32(U.IFLA_PROTO_DOWN_REASON_VALUE, on ? (1 << bit) >>> 0 : 0);
  builder.nlaNestEnd(nest);
};

/** In the order in which an abbreviation is resolved; a star marks the words that may be abbreviated. */
const WORDS: readonly (readonly [string, Read])[] = [
  ['up', (p) => p.setFlag(U.IFF_UP, true)],
  ['down', (p) => p.setFlag(U.IFF_UP, false)],
  ['name', name],
  ['index', index],
  ['link*', (p, args) => void (p.link = args.next())],
  ['address*', hwAddress(U.IFLA_ADDRESS)],
  ['broadcast*', hwAddress(U.IFLA_BROADCAST)],
  ['brd', hwAddress(U.IFLA_BROADCAST)],
  ['txqueuelen*', txqueuelen],
  ['qlen', txqueuelen],
  ['txqlen*', txqueuelen],
  ['mtu', mtu],
  ...XDP_WORDS.map(([word, mode]): readonly [string, Read] => [word, (p, args) => readXdp(p, args, mode)]),
  ['netns', netns],
  ['multicast', flag(U.IFF_MULTICAST, 'multicast')],
  ['allmulticast', flag(U.IFF_ALLMULTI, 'allmulticast')],
  ['promisc', flag(U.IFF_PROMISC, 'promisc')],
  ['trailers', flag(U.IFF_NOTRAILERS, 'trailers', true)],
  ['arp', flag(U.IFF_NOARP, 'arp', true)],
  ['carrier', attr8(U.IFLA_CARRIER, 'carrier')],
  ['master*', master],
  ['vf', readVf],
  ['vrf', vrf],
  ['nomaster*', (p) => p.req.builder.nlaPutU32(U.IFLA_MASTER, 0)],
  ['dynamic*', flag(U.IFF_DYNAMIC, 'dynamic')],
  ['type*', (p, args) => void (p.type = args.next())],
  ['alias*', alias],
  ['group', group],
  ['mode', oneOf(U.IFLA_LINKMODE, LINK_MODES, 'Invalid link mode\n')],
  ['state', oneOf(U.IFLA_OPERSTATE, OPER_STATES, 'Invalid operstate\n')],
  ['numtxqueues*', queues('txQueues', U.IFLA_NUM_TX_QUEUES, 'numtxqueues')],
  ['numrxqueues*', queues('rxQueues', U.IFLA_NUM_RX_QUEUES, 'numrxqueues')],
  ['addrgenmode*', addrgenmode],
  ['link-netns', linkNetns],
  ['link-netnsid', linkNetnsid],
  ['protodown', attr8(U.IFLA_PROTO_DOWN, 'protodown')],
  ['protodown_reason', protodownReason],
  ['gso_max_size', size(U.IFLA_GSO_MAX_SIZE, 'gso_max_size')],
  ['gso_max_segs', size(U.IFLA_GSO_MAX_SEGS, 'gso_max_segs')],
  ['gro_max_size', size(U.IFLA_GRO_MAX_SIZE, 'gro_max_size')],
  ['parentdev', (p, args) => p.req.builder.nlaPutString(U.IFLA_PARENT_DEV_NAME, args.next())],
];
