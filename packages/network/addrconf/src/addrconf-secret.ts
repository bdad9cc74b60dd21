/** net.ipv6.conf.*.stable_secret (`addrconf_sysctl_stable_secret`; RFC 7217). */
import { ipv6Net } from '@skbuff/ipv6';
import type { SysctlFile } from '@skbuff/sysctl';
import { EIO, IN6_ADDR_GEN_MODE_STABLE_PRIVACY } from '@skbuff/uapi';
import { In6Addr, in6Pton } from '@skbuff/wire';
import { idevs } from './addrconf-net.ts';
import type { DevconfOwner } from './addrconf-sysctl.ts';

/** What is behind the address in a text is not looked at; nothing at all is ::. Null: it does not begin with an address. */
function parse(text: string): In6Addr | null {
  if (text === '') return new In6Addr();
  const address = /^[0-9a-fA-F:.]*/.exec(text)?.[0] ?? '';
  return in6Pton(address.replace(/(^|:)0+(?=[0-9a-fA-F])/g, '$1'));
}

/** `%pI6`. */
function show(secret: In6Addr): string {
  return `${(secret.toHex().match(/.{4}/g) ?? []).join(':')}\n`;
}

/**
 * The file. An interface that gets a secret makes its addresses of it from now on, and so do all that there are when `default` gets one.
 * There is none of `all`; reading before it is written fails, as the kernel has it.
 */
export const stableSecretFile: SysctlFile<DevconfOwner> = {
  read: ({ cnf }) => (cnf.stableSecret === null ? -EIO : show(cnf.stableSecret)),
  write({ net, idev, cnf }, text) {
    const secret = cnf === ipv6Net.of(net).devconfAll ? null : parse(text);
    if (secret === null) return -EIO;
    cnf.stableSecret = secret;
    const follow = idev === null ? idevs(net) : [idev];
    for (const each of follow) each.cnf.addrGenMode = IN6_ADDR_GEN_MODE_STABLE_PRIVACY;
    return 0;
  },
};
