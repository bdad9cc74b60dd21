/** What kind of address one is (RFC 4291). */
import { expect, it } from 'vitest';
import * as core from '../src/addrconf-core.ts';
import { in6 } from './support.ts';

const { ipv6AddrMcFlagPrefix, ipv6AddrMcFlagRendezvous, ipv6AddrMcFlagTransient, ipv6AddrMcScope, ipv6AddrScope, ipv6AddrSrcScope, ipv6AddrType } = core;

/** Names of the bits of a type. */
function words(type: number): string {
  const bits = { unicast: 1, multicast: 2, loopback: 0x10, linklocal: 0x20, sitelocal: 0x40, compatv4: 0x80, mapped: 0x1000 };
  return Object.entries(bits)
    .filter(([, bit]) => (type & bit) !== 0)
    .map(([name]) => name)
    .join(' ');
}

it('tells the kinds apart', () => {
  const kinds = [
    ['::', '', 0],
    ['::1', 'unicast loopback', 2],
    ['::2', 'unicast compatv4', 14],
    ['::1.2.3.4', 'unicast compatv4', 14],
    ['::ffff:1.2.3.4', 'mapped', 14],
    ['::fffe:1.2.3.4', 'unicast', 14],
    ['::1:0:0', 'unicast', 14],
    ['64:ff9b::1.2.3.4', 'unicast', 14],
    ['2001:db8::1', 'unicast', 14],
    ['3fff::', 'unicast', 14],
    ['dfff::', 'unicast', 14],
    ['e000::', 'unicast', 14],
    ['fc00::1', 'unicast', 14],
    ['fdff::1', 'unicast', 14],
    ['fe00::1', 'unicast', 14],
    ['fe80::1', 'unicast linklocal', 2],
    ['febf::1', 'unicast linklocal', 2],
    ['fec0::1', 'unicast sitelocal', 5],
    ['feff::1', 'unicast sitelocal', 5],
  ] as const;
  for (const [addr, kind, scope] of kinds) expect([addr, words(ipv6AddrType(in6(addr))), ipv6AddrSrcScope(in6(addr))]).toEqual([addr, kind, scope]);
});

it('a group has its scope in four bits, whatever its flags are [IP6A-11] [IP6A-12]', () => {
  const { IPV6_ADDR_SCOPE_NODELOCAL, IPV6_ADDR_SCOPE_LINKLOCAL, IPV6_ADDR_SCOPE_SITELOCAL, IPV6_ADDR_SCOPE_ORGLOCAL, IPV6_ADDR_SCOPE_GLOBAL } = core;
  const named: readonly (readonly [string, number])[] = [
    ['1', IPV6_ADDR_SCOPE_NODELOCAL],
    ['2', IPV6_ADDR_SCOPE_LINKLOCAL],
    ['5', IPV6_ADDR_SCOPE_SITELOCAL],
    ['8', IPV6_ADDR_SCOPE_ORGLOCAL],
    ['e', IPV6_ADDR_SCOPE_GLOBAL],
  ];
  // Flags 0RPT: well-known, transient, of a unicast prefix, with an embedded rendezvous point.
  for (const flags of ['0', '1', '3', '7']) {
    for (const [digit, scope] of named) expect(ipv6AddrSrcScope(in6(`ff${flags}${digit}::5`))).toBe(scope);
    expect(['1', '2', '5', '8', 'e'].map((digit) => words(ipv6AddrType(in6(`ff${flags}${digit}::5`))))).toEqual([
      'multicast loopback',
      'multicast linklocal',
      'multicast sitelocal',
      'multicast',
      'multicast',
    ]);
  }
  for (let digit = 0; digit < 16; digit++) expect(ipv6AddrSrcScope(in6(`ff0${digit.toString(16)}::1`))).toBe(digit);
});

it('reads in a group how far it goes, and whether it is transient, of a network, with a rendezvous point [IP6A-16]', () => {
  for (let byte = 0; byte < 256; byte++) {
    const group = in6(`ff${byte.toString(16).padStart(2, '0')}:ffff::1`);
    const read = [ipv6AddrMcScope(group), ipv6AddrMcFlagTransient(group), ipv6AddrMcFlagPrefix(group), ipv6AddrMcFlagRendezvous(group)];
    expect(read).toEqual([byte % 16, (byte & 0x10) !== 0, (byte & 0x20) !== 0, (byte & 0x40) !== 0]);
  }
});

it('has the scopes that addresses of interfaces have', () => {
  expect(['::1', 'fe80::1', 'fec0::1', '2001:db8::1', 'fd00::1', '::1.2.3.4', '::ffff:1.2.3.4'].map((addr) => ipv6AddrScope(in6(addr)))).toEqual([0x10, 0x20, 0x40, 0, 0, 0x80, 0]);
});
