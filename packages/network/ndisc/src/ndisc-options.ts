/** The options of a message (RFC 4861 §4.6): type, length in units of 8 bytes, data. */
import {
  ND_OPT_6CO,
  ND_OPT_CAPTIVE_PORTAL,
  ND_OPT_DNSSL,
  ND_OPT_MTU,
  ND_OPT_NONCE,
  ND_OPT_PREF64,
  ND_OPT_PREFIX_INFO,
  ND_OPT_RDNSS,
  ND_OPT_REDIRECT_HDR,
  ND_OPT_ROUTE_INFO,
  ND_OPT_SOURCE_LL_ADDR,
  ND_OPT_TARGET_LL_ADDR,
} from '@skbuff/uapi';

/** `struct ndisc_options`: where each option begins, -1: there is none. Of those that may be there once the first counts. */
export class NdiscOptions {
  srcLladdr = -1;
  tgtLladdr = -1;
  redirectHdr = -1;
  mtu = -1;
  nonce = -1;
  /** Of those that may be there often: the first and the last. */
  prefixInfo = -1;
  prefixInfoEnd = -1;
  routeInfo = -1;
  routeInfoEnd = -1;
  /** Those that user space is told of. */
  userOpts = -1;
  userOptsEnd = -1;
}

/** `ndisc_parse_options`: the options in `len` bytes at `at`; null if one is of length 0 or cut off. */
export function ndiscParseOptions(b: Uint8Array, at: number, len: number): NdiscOptions | null {
  const opts = new NdiscOptions();
  for (let left = len; left !== 0; ) {
    const l = left < 2 ? 0 : b[at + 1] << 3;
    if (l === 0 || l > left) return null;
    note(opts, b[at], at);
    at += l;
    left -= l;
  }
  return opts;
}

function note(opts: NdiscOptions, type: number, at: number): void {
  if (type === ND_OPT_SOURCE_LL_ADDR) opts.srcLladdr = first(opts.srcLladdr, at);
  else if (type === ND_OPT_TARGET_LL_ADDR) opts.tgtLladdr = first(opts.tgtLladdr, at);
  else if (type === ND_OPT_REDIRECT_HDR) opts.redirectHdr = first(opts.redirectHdr, at);
  else if (type === ND_OPT_MTU) opts.mtu = first(opts.mtu, at);
  else if (type === ND_OPT_NONCE) opts.nonce = first(opts.nonce, at);
  else if (type === ND_OPT_PREFIX_INFO) {
    opts.prefixInfo = first(opts.prefixInfo, at);
    opts.prefixInfoEnd = at;
  } else if (type === ND_OPT_ROUTE_INFO) {
    opts.routeInfo = first(opts.routeInfo, at);
    opts.routeInfoEnd = at;
  }
  if (ndiscIsUseropt(type)) {
    opts.userOpts = first(opts.userOpts, at);
    opts.userOptsEnd = at;
  }
}

function first(known: number, at: number): number {
  return known < 0 ? at : known;
}

/** `ndisc_is_useropt`: whether daemons want to hear of options of the type. */
export function ndiscIsUseropt(type: number): boolean {
  return (
    type === ND_OPT_PREFIX_INFO || type === ND_OPT_RDNSS || type === ND_OPT_DNSSL || type === ND_OPT_6CO || type === ND_OPT_CAPTIVE_PORTAL || type === ND_OPT_PREF64
  );
}

/** `ndisc_next_option`: the next one of the type of that at `at`, up to the one at `end`; -1: that was the last. */
export function ndiscNextOption(b: Uint8Array, at: number, end: number): number {
  const type = b[at];
  do at += b[at + 1] << 3;
  while (at < end && b[at] !== type);
  return at <= end ? at : -1;
}

/** `ndisc_next_useropt`: as {@link ndiscNextOption}, of whatever type user space is told of. */
export function ndiscNextUseropt(b: Uint8Array, at: number, end: number): number {
  do at += b[at + 1] << 3;
  while (at < end && !ndiscIsUseropt(b[at]));
  return at <= end ? at : -1;
}
