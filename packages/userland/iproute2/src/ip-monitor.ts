/** `ip monitor`: what the kernel announces, as it comes, or as it was recorded in a file. */
import type { NetlinkSocket, Status } from '@skbuff/command';
import { type NlMsgHdr, NlAttrs, nlmsgAll, RtGenMsg, RtMsg } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { le32 } from '@skbuff/wire';
import { AddrInfo, addrWanted, printAddr } from './addr-print.ts';
import type { Args } from './args.ts';
import { parseAttrs } from './attrs.ts';
import type { IpContext } from './context.ts';
import { printAddrlabel } from './ip-addrlabel.ts';
import { isMrouteFamily, MrouteFilter, printMroute } from './ip-mroute.ts';
import { printNetconf } from './ip-netconf.ts';
import { AddrFilter } from './link-filter.ts';
import { printLink, printLinkBrief } from './link-print.ts';
import { NeighFilter, NeighInfo, neighWanted, printNeigh } from './neigh-print.ts';
import { nsidName } from './netns-id.ts';
import { RouteFilter, routeWanted } from './route-filter.ts';
import { printRoute, RouteInfo } from './route-print.ts';
import { printPrefix } from './prefix-print.ts';
import { printRule, RuleInfo } from './rule-print.ts';
import { usageMonitor } from './usage.ts';

const RECV_SIZE = 32768;
/** A message in a recorded file: when the next one was heard. */
const NLMSG_TSTAMP = 15;

/** Words in the order in which an abbreviation is resolved, with the groups of IPv4, of IPv6, of MPLS, and of any family. */
interface Topic {
  readonly word: string;
  readonly inet?: number;
  readonly inet6?: number;
  readonly mpls?: number;
  readonly any?: number;
}

const TOPICS: readonly Topic[] = [
  { word: 'link', any: U.RTNLGRP_LINK },
  { word: 'address', inet: U.RTNLGRP_IPV4_IFADDR, inet6: U.RTNLGRP_IPV6_IFADDR },
  { word: 'route', inet: U.RTNLGRP_IPV4_ROUTE, inet6: U.RTNLGRP_IPV6_ROUTE, mpls: U.RTNLGRP_MPLS_ROUTE },
  { word: 'mroute', inet: U.RTNLGRP_IPV4_MROUTE, inet6: U.RTNLGRP_IPV6_MROUTE },
  { word: 'prefix', inet6: U.RTNLGRP_IPV6_PREFIX },
  { word: 'neigh', any: U.RTNLGRP_NEIGH },
  { word: 'netconf', inet: U.RTNLGRP_IPV4_NETCONF, inet6: U.RTNLGRP_IPV6_NETCONF, mpls: U.RTNLGRP_MPLS_NETCONF },
  { word: 'rule', inet: U.RTNLGRP_IPV4_RULE, inet6: U.RTNLGRP_IPV6_RULE },
  { word: 'nsid', any: U.RTNLGRP_NSID },
  { word: 'nexthop', any: U.RTNLGRP_NEXTHOP },
  { word: 'stats', any: U.RTNLGRP_STATS },
];

/** Which of them are heard with -4, -6, -M, or neither. */
function groupsOf(topic: Topic, family: number): number[] {
  const is = (f: number): boolean => family === U.AF_UNSPEC || family === f;
  const groups = [topic.any, is(U.AF_INET) ? topic.inet : undefined, is(U.AF_INET6) ? topic.inet6 : undefined, is(U.AF_MPLS) ? topic.mpls : undefined];
  return groups.filter((group) => group !== undefined);
}

/** asctime(3) without its end of line; the clock of the machine has no time zone. */
function asctime(date: Date): string {
  const day = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][date.getUTCDay()] as string;
  const month = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'][date.getUTCMonth()] as string;
  return `${day} ${month} ${`${date.getUTCDate()}`.padStart(2)} ${date.toISOString().slice(11, 19)} ${date.getUTCFullYear()}`;
}

class Monitor {
  label = false;
  allNsid = false;
  ifindex = 0;
  file: string | null = null;
  readonly topics: Topic[] = [];
  private readonly ctx: IpContext;

  constructor(ctx: IpContext) {
    this.ctx = ctx;
  }

  parse(args: Args): void {
    for (; args.left > 0; args.skip()) {
      const topic = TOPICS.find(({ word }) => args.abbr(word));
      if (args.abbr('file')) this.file = args.next();
      else if (args.abbr('label')) this.label = true;
      else if (topic !== undefined) this.topics.push(topic);
      else if (args.is('all')) this.label = true;
      else if (args.abbr('all-nsid')) this.allNsid = true;
      else if (args.abbr('help')) usageMonitor(this.ctx);
      else if (args.is('dev')) {
        this.ifindex = this.ctx.links.nameToIndex(args.next());
        if (this.ifindex === 0) args.invarg('Device does not exist\n');
      } else this.ctx.die(-1, `Argument "${args.cur}" is unknown, try "ip monitor help".\n`);
    }
  }

  private timestamp(): void {
    const { ctx } = this;
    const ns = ctx.env.realTime();
    const date = new Date(Math.floor(ns / 1e6));
    const usec = Math.floor(ns / 1e3) % 1e6;
    if (ctx.options.timestampShort) ctx.out.raw(`[${date.toISOString().slice(0, 19)}.${`${usec}`.padStart(6, '0')}] `);
    else ctx.out.raw(`Timestamp: ${asctime(date)} ${usec} usec\n`);
  }

  private headers(label: string): void {
    if (this.ctx.options.timestamp) this.timestamp();
    if (this.allNsid) this.ctx.out.raw('[nsid current]');
    if (this.label) this.ctx.out.raw(label);
  }

  /** `accept_msg`. The heading of a message that is not shown stays unwritten until one is, as with stdio. */
  accept(nlh: NlMsgHdr): void {
    const { ctx } = this;
    switch (nlh.type) {
      case U.RTM_NEWROUTE:
      case U.RTM_DELROUTE:
        return this.route(nlh);
      case U.RTM_NEWLINK:
      case U.RTM_DELLINK:
        ctx.links.remember(nlh);
        this.headers('[LINK]');
        return this.link(nlh);
      case U.RTM_NEWADDR:
      case U.RTM_DELADDR:
        this.headers('[ADDR]');
        return this.addr(nlh);
      case U.RTM_NEWNEIGH:
      case U.RTM_DELNEIGH:
      case U.RTM_GETNEIGH:
        return this.neigh(nlh);
      case U.RTM_NEWADDRLABEL:
      case U.RTM_DELADDRLABEL:
        this.headers('[ADDRLABEL]');
        printAddrlabel(ctx, nlh);
        return ctx.out.flush();
      case U.RTM_NEWPREFIX:
        return this.prefix(nlh);
      case U.RTM_NEWRULE:
      case U.RTM_DELRULE:
        this.headers('[RULE]');
        printRule(ctx, new RuleInfo(nlh));
        return ctx.out.flush();
      case U.RTM_NEWNETCONF:
      case U.RTM_DELNETCONF:
        this.headers('[NETCONF]');
        if (printNetconf(ctx, nlh, U.AF_UNSPEC, this.ifindex)) ctx.out.flush();
        return;
      case U.RTM_NEWNSID:
      case U.RTM_DELNSID:
        this.headers('[NSID]');
        return this.nsid(nlh);
      case NLMSG_TSTAMP:
        return this.recordedTime(nlh);
      case U.NLMSG_ERROR:
      case U.NLMSG_NOOP:
      case U.NLMSG_DONE:
        return;
      default:
        return this.unknown(nlh);
    }
  }

  private unknown({ type, flags, len }: NlMsgHdr): void {
    const both = (n: number): string => `0x${n.toString(16).padStart(8, '0')}(${n})`;
    this.ctx.stderr(`Unknown message: type=${both(type)} flags=${both(flags)} len=${both(len)}\n`);
  }

  /** When a recorded message was heard: seconds and microseconds. */
  private recordedTime(nlh: NlMsgHdr): void {
    const sec = le32(nlh.buf, nlh.data);
    this.ctx.out.raw(`Timestamp: ${asctime(new Date(sec * 1000))} ${le32(nlh.buf, nlh.data + 4)} us\n`);
  }

  private route(nlh: NlMsgHdr): void {
    const rtm = new RtMsg().read(nlh.buf, nlh.data);
    if (isMrouteFamily(rtm.family)) return this.mroute(nlh);
    const cached = (rtm.flags & U.RTM_F_CLONED) !== 0;
    if (cached && rtm.family !== U.AF_INET6) return;
    this.headers('[ROUTE]');
    const f = new RouteFilter();
    f.table = 0;
    f.oif = this.ifindex;
    const route = new RouteInfo(nlh);
    if (!routeWanted(f, route)) return;
    printRoute(this.ctx, route, f);
    this.ctx.out.flush();
  }

  private mroute(nlh: NlMsgHdr): void {
    const f = new MrouteFilter();
    f.iif = this.ifindex;
    this.headers('[MROUTE]');
    if (printMroute(this.ctx, nlh, f)) this.ctx.out.flush();
  }

  private prefix(nlh: NlMsgHdr): void {
    const { family } = this.ctx.options;
    this.headers('[PREFIX]');
    if ((family === U.AF_UNSPEC || family === U.AF_INET6) && printPrefix(this.ctx, nlh)) this.ctx.out.flush();
  }

  private link(nlh: NlMsgHdr): void {
    const f = new AddrFilter();
    f.ifindex = this.ifindex;
    f.showQueue = false;
    const shown = this.ctx.options.brief ? printLinkBrief(this.ctx, nlh, f) : printLink(this.ctx, nlh, f, false);
    if (shown) this.ctx.out.flush();
  }

  private addr(nlh: NlMsgHdr): void {
    const f = new AddrFilter();
    const info = new AddrInfo(nlh);
    if ((this.ifindex !== 0 && info.ifa.index !== this.ifindex) || !addrWanted(this.ctx, f, info)) return;
    printAddr(this.ctx, info, true);
    this.ctx.out.flush();
  }

  private neigh(nlh: NlMsgHdr): void {
    const info = new NeighInfo(nlh);
    const { family } = this.ctx.options;
    if (family !== U.AF_UNSPEC && info.ndm.family !== family) return;
    this.headers('[NEIGH]');
    const f = new NeighFilter();
    f.state = -1;
    f.index = this.ifindex;
    if (!neighWanted(f, info)) return;
    printNeigh(this.ctx, info, this.ifindex === 0);
    this.ctx.out.flush();
  }

  private nsid(nlh: NlMsgHdr): void {
    const { out } = this.ctx;
    const tb = parseAttrs(new NlAttrs(U.NETNSA_MAX), nlh, RtGenMsg.LEN);
    const id = tb.s32(U.NETNSA_NSID);
    const name = nsidName(this.ctx, id);
    out.raw(`${nlh.type === U.RTM_DELNSID ? 'Deleted ' : ''}nsid ${id} ${name === null ? '' : `(iproute2 netns name: ${name})`}\n`);
    out.flush();
  }

  replay(path: string): Status {
    const bytes = this.ctx.env.readBytes(path);
    if (typeof bytes === 'number') return this.ctx.die(-1, `Cannot fopen: ${U.strerror(bytes)}\n`);
    for (const nlh of nlmsgAll(bytes)) this.accept(nlh);
    return 0;
  }

  /** Hears until a signal ends the command. */
  listen(): Status {
    const { ctx } = this;
    const port = ctx.openPort();
    const { family } = ctx.options;
    for (const topic of this.topics.length === 0 ? TOPICS : this.topics) {
      for (const group of groupsOf(topic, family)) port.setsockopt(U.NETLINK_ADD_MEMBERSHIP, group);
    }
    if (this.allNsid) port.setsockopt(U.NETLINK_LISTEN_ALL_NSID, 1);
    ctx.links.init();
    ctx.out.flush();
    return new Promise<number>((resolve) => {
      const read = (): void => {
        const err = this.drain(port);
        if (err < 0) resolve(err);
      };
      // The kernel must not be asked from inside of its own announcement.
      port.onReadable = () => void Promise.resolve().then(read);
    });
  }

  /** What has been announced; negative when the port is no more. */
  private drain(port: NetlinkSocket): number {
    const { ctx } = this;
    for (;;) {
      const dgram = port.recvmsg(RECV_SIZE);
      if (typeof dgram !== 'number') {
        for (const nlh of nlmsgAll(dgram.data)) this.accept(nlh);
      } else if (dgram === -U.EAGAIN) return 0;
      else if (dgram === -U.ENOBUFS) ctx.stderr(`netlink receive error ${U.strerror(dgram)} (${-dgram})\n`);
      else return -1;
    }
  }
}

/** `do_ipmonitor`. */
export function doMonitor(ctx: IpContext, args: Args): Status {
  const monitor = new Monitor(ctx);
  monitor.parse(args);
  return monitor.file !== null ? monitor.replay(monitor.file) : monitor.listen();
}
