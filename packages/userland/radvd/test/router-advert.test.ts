import { In6Addr, in6Pton } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import { AdvDnssl, AdvPrefix, AdvRoute, deviceOptions, dnsslOption, prefixOption, RaConfig, raHeader, routeOption, splitOptions } from '../src/index.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const addr = (text: string): In6Addr => in6Pton(text) ?? new In6Addr();

describe('bytes of an advert', () => {
  it('has hop limit, flags, preference and times in the header, and no lifetime at the end', () => {
    const c = Object.assign(new RaConfig('a'), { managed: true, homeAgentFlag: true, preference: 3, reachableTime: 1234, retransTimer: 2345, defaultLifetime: 9000 });
    expect(hex(raHeader(c, false))).toBe('8600000040b82328000004d200000929');
    expect(hex(raHeader(c, true))).toBe('8600000040b80000000004d200000929');
  });

  it('deprecates a prefix at the end, two hours before it goes', () => {
    const conf = Object.assign(new AdvPrefix(addr('2001:db8::'), 64), { deprecate: true, autonomous: false });
    expect(hex(prefixOption({ addr: conf.prefix, len: 64, conf }, false))).toBe('030440800001518000003840000000002' + '0010db8000000000000000000000000');
    expect(hex(prefixOption({ addr: conf.prefix, len: 64, conf }, true)).slice(0, 24)).toBe('0304408000001c2000000000');
  });

  it('removes a route at the end unless it is to stay', () => {
    const route = new AdvRoute(addr('2001:db8::'), 48, 60);
    route.preference = 1;
    expect(hex(routeOption(route, false)).slice(0, 16)).toBe('180330080000003c');
    expect(hex(routeOption(route, true)).slice(0, 16)).toBe('1803300800000000');
    route.remove = false;
    expect(hex(routeOption(route, true)).slice(0, 16)).toBe('180330080000003c');
  });

  it('writes names as labels, and nothing for a dot at the end', () => {
    const dnssl = new AdvDnssl(5);
    dnssl.suffixes.push('ab.c', 'd.', 'e..f');
    expect(hex(dnsslOption(dnssl, false)).slice(16)).toBe('02616201630001640001650001660000');
  });

  it('lengthens an interval that is short, and tells of a home agent only what is not the default', () => {
    const c = Object.assign(new RaConfig('a'), { intervalOpt: true, maxInterval: 0.1, homeAgentInfo: true });
    expect(deviceOptions(c, new Uint8Array(0)).map(hex)).toEqual(['0701000000000078']);
    c.homeAgentPreference = 5;
    expect(deviceOptions(c, Uint8Array.of(2, 0, 0, 0, 0, 9)).map(hex)).toEqual(['0101020000000009', '0701000000000078', '0801000000050001']);
  });
});

describe('splitOptions', () => {
  it('fills messages to 1210 bytes, and lets a longer option have one of its own', () => {
    const bytes = (n: number): Uint8Array => new Uint8Array(n).fill(31);
    const messages = splitOptions([...Array.from({ length: 40 }, () => bytes(32)), bytes(1600), bytes(8)]);
    expect(messages.map((part) => part.map(({ length }) => length))).toEqual([Array(37).fill(32), [32, 32, 32], [1600], [8]]);
  });
});
