/** `ip address add | change | replace | delete` (`ipaddr_modify`). */
import { IfaCacheInfo, IfAddrMsg } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import type { InetPrefix } from '@skbuff/wire';
import { ADDR_FLAGS, type AddrFlag } from './addr-flags.ts';
import { AddrInfo, printAddr } from './addr-print.ts';
import type { Args } from './args.ts';
import { matches } from './args.ts';
import type { IpContext } from './context.ts';
import { getAddr, getPrefix, type WrittenPrefix } from './inet.ts';
import { rtScopes } from './names.ts';
import { getUnsigned } from './numbers.ts';
import type { RtnlRequest } from './rtnl.ts';
import { usageAddr } from './usage.ts';

const INFINITY = 0xffff_ffff;

class AddrRequest {
  readonly ctx: IpContext;
  readonly req: RtnlRequest;
  readonly ifa: IfAddrMsg;
  local: WrittenPrefix | null = null;
  localText = '';
  peer: InetPrefix | null = null;
  /** `+`, `-`, or an address was given. */
  broadcast: '' | '+' | '-' | 'given' = '';
  anycast = false;
  scoped = false;
  dev: string | null = null;
  valid: number | null = null;
  preferred: number | null = null;
  flags = 0;

  constructor(ctx: IpContext, cmd: number, nlFlags: number) {
    this.ctx = ctx;
    this.ifa = IfAddrMsg.of({ family: ctx.options.family });
    this.req = ctx.rtnl.request(cmd, nlFlags, this.ifa);
  }

  /** The family is that of the first address. */
  private settle(family: number): void {
    if (this.ifa.family === U.AF_UNSPEC) this.ifa.family = family;
  }

  readPeer(args: Args): void {
    args.next();
    if (this.peer !== null) args.duparg('peer');
    this.peer = getPrefix(args, args.cur, this.ifa.family);
    this.settle(this.peer.family);
    this.req.builder.nlaPut(U.IFA_ADDRESS, this.peer.bytes);
    this.ifa.prefixlen = this.peer.bitlen;
  }

  readBroadcast(args: Args): void {
    args.next();
    if (this.broadcast !== '') args.duparg('broadcast');
    if (args.cur === '+' || args.cur === '-') {
      this.broadcast = args.cur;
      return;
    }
    const addr = getAddr(args, args.cur, this.ifa.family);
    this.settle(addr.family);
    this.req.builder.nlaPut(U.IFA_BROADCAST, addr.bytes);
    this.broadcast = 'given';
  }

  readAnycast(args: Args): void {
    args.next();
    if (this.anycast) args.duparg('anycast');
    const addr = getAddr(args, args.cur, this.ifa.family);
    this.settle(addr.family);
    this.req.builder.nlaPut(U.IFA_ANYCAST, addr.bytes);
    this.anycast = true;
  }

  readLocal(args: Args): void {
    if (args.is('local')) args.next();
    if (args.abbr('help')) usageAddr(this.ctx);
    if (this.local !== null && this.local.bytes.length > 0) args.duparg2('local');
    this.localText = args.cur;
    this.local = getPrefix(args, args.cur, this.ifa.family);
    this.settle(this.local.family);
    this.req.builder.nlaPut(U.IFA_LOCAL, this.local.bytes);
  }

  readFlag({ name, mask, readonly, v6only }: AddrFlag): void {
    if (readonly) this.ctx.stderr(`Warning: ${name} option is not mutable from userspace\n`);
    else if (v6only && this.ifa.family !== U.AF_INET6) this.ctx.stderr(`Warning: ${name} option can be set only for IPv6 addresses\n`);
    else this.flags |= mask;
  }

  readLifetime(args: Args, member: 'valid' | 'preferred', key: string): void {
    if (this[member] !== null) args.duparg(key);
    args.next();
    this[member] = args.cur === 'forever' ? INFINITY : (getUnsigned(args.cur) ?? args.invarg(`${key} value`));
  }
}

type Read = (a: AddrRequest, args: Args) => void;

const metric: Read = (a, args: Args) => {
  const value = getUnsigned(args.next());
  if (value === null) args.invarg('"metric" value is invalid\n');
  a.req.builder.nlaPutU32(U.IFA_RT_PRIORITY, value);
};

const scope: Read = (a, args: Args) => {
  const value = rtScopes.a2n(args.next());
  if (value === null) args.invarg('invalid scope value.');
  a.ifa.scope = value;
  a.scoped = true;
};

const WORDS: readonly (readonly [string, Read])[] = [
  ['peer', (a, args) => a.readPeer(args)],
  ['remote', (a, args) => a.readPeer(args)],
  ['broadcast*', (a, args) => a.readBroadcast(args)],
  ['brd', (a, args) => a.readBroadcast(args)],
  ['anycast', (a, args) => a.readAnycast(args)],
  ['scope', scope],
  ['dev', (a, args) => void (a.dev = args.next())],
  ['label', (a, args) => a.req.builder.nlaPutString(U.IFA_LABEL, args.next())],
  ['metric*', metric],
  ['priority*', metric],
  ['preference*', metric],
  ['valid_lft*', (a, args) => a.readLifetime(args, 'valid', 'valid_lft')],
  ['preferred_lft*', (a, args) => a.readLifetime(args, 'preferred', 'preferred_lft')],
  ...ADDR_FLAGS.map((flag): [string, Read] => [flag.name, (a) => a.readFlag(flag)]),
];

function parse(a: AddrRequest, args: Args): void {
  for (; args.left > 0; args.skip()) {
    const found = WORDS.find(([word]) => (word.endsWith('*') ? matches(args.cur, word.slice(0, -1)) : args.is(word)));
    if (found !== undefined) found[1](a, args);
    else a.readLocal(args);
  }
}

/** The network part of the prefix with all host bits set or clear. */
function putBroadcast(a: AddrRequest, prefix: InetPrefix): void {
  if (prefix.bitlen > 30) return;
  const bytes = prefix.bytes.slice();
  for (let bit = 31; bit >= prefix.bitlen; bit--) {
    const mask = 1 << (7 - (bit & 7));
    if (a.broadcast === '+') bytes[bit >> 3] |= mask;
    else bytes[bit >> 3] &= ~mask;
  }
  a.req.builder.nlaPut(U.IFA_BROADCAST, bytes);
}

/** The address also serves as the far end, unless the deletion is meant for every prefix length. */
function putAddress(a: AddrRequest, cmd: number): InetPrefix | null {
  if (a.peer !== null || a.local === null || a.local.bytes.length === 0) return a.peer;
  if (cmd === U.RTM_DELADDR && a.local.family === U.AF_INET && !a.local.plenGiven) {
    a.ctx.stderr(
      `Warning: Executing wildcard deletion to stay compatible with old scripts.\n         Explicitly specify the prefix length (${a.localText}/${a.local.bytes.length * 8}) to avoid this warning.\n` +
        '         This special behaviour is likely to disappear in further releases,\n         fix your scripts!\n',
    );
    return null;
  }
  a.req.builder.nlaPut(U.IFA_ADDRESS, a.local.bytes);
  return a.local;
}

function isMulticast({ family, bytes }: InetPrefix): boolean {
  return family === U.AF_INET ? (bytes[0] & 0xf0) === 0xe0 : bytes[0] === 0xff;
}

function complain(a: AddrRequest, text: string): number {
  a.ctx.stderr(text);
  return -1;
}

export function addrModify(ctx: IpContext, args: Args, cmd: number, nlFlags: number): number {
  const a = new AddrRequest(ctx, cmd, nlFlags);
  parse(a, args);
  if (a.flags <= 0xff) a.ifa.flags = a.flags;
  else a.req.builder.nlaPutU32(U.IFA_FLAGS, a.flags);
  if (a.dev === null) return complain(a, 'Not enough information: "dev" argument is required.\n');
  const far = putAddress(a, cmd);
  if (a.ifa.prefixlen === 0 && a.local !== null) a.ifa.prefixlen = a.local.bitlen;
  if ((a.broadcast === '+' || a.broadcast === '-') && cmd !== U.RTM_DELADDR) {
    if (a.ifa.family !== U.AF_INET) return complain(a, 'Broadcast can be set only for IPv4 addresses\n');
    if (far !== null) putBroadcast(a, far);
  }
  if (!a.scoped && cmd !== U.RTM_DELADDR) a.ifa.scope = a.local?.family === U.AF_INET && a.local.bytes[0] === 127 ? U.RT_SCOPE_HOST : U.RT_SCOPE_UNIVERSE;
  a.ifa.index = ctx.links.nameToIndex(a.dev);
  if (a.ifa.index === 0) return ctx.nodev(a.dev);
  return finish(a);
}

function finish(a: AddrRequest): number {
  if (a.valid !== null || a.preferred !== null) {
    const ci = IfaCacheInfo.of({ valid: a.valid ?? INFINITY, prefered: a.preferred ?? INFINITY });
    if (ci.valid === 0) return complain(a, 'valid_lft is zero\n');
    if (ci.valid < ci.prefered) return complain(a, 'preferred_lft is greater than valid_lft\n');
    a.req.builder.nlaPutStruct(U.IFA_CACHEINFO, ci);
  }
  if ((a.flags & U.IFA_F_MCAUTOJOIN) !== 0 && (a.local === null || !isMulticast(a.local))) return complain(a, 'autojoin needs multicast address\n');
  return a.ctx.modify(a.req, (nlh) => printAddr(a.ctx, new AddrInfo(nlh), true));
}
