import { AF_INET, AF_INET6, AF_MPLS } from '@skbuff/uapi';
import { describe, expect, it } from 'vitest';
import { inetFamily, parseAddress, parseDestination, parsePrefix, sockaddr } from '../src/index.ts';

const bytes = Uint8Array.of(10, 0, 0, 1);
const six = Uint8Array.of(0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

describe('addresses as text', () => {
  it('become family, bytes and length', () => {
    expect(parseAddress('10.0.0.1')).toEqual({ family: AF_INET, bytes, bitlen: 32 });
    expect(parsePrefix('10.0.0.1/24')).toEqual({ family: AF_INET, bytes, bitlen: 24 });
    expect(parseAddress('2001:db8::1')).toEqual({ family: AF_INET6, bytes: six, bitlen: 128 });
    expect(parsePrefix('2001:db8::1/64')).toEqual({ family: AF_INET6, bytes: six, bitlen: 64 });
    expect(parseDestination('default', AF_INET6)).toEqual({ family: AF_INET6, bytes: new Uint8Array(16), bitlen: 0 });
    expect(parsePrefix('10.0.0.1')).toEqual(parseAddress('10.0.0.1'));
    expect(parseDestination('default')).toEqual({ family: AF_INET, bytes: new Uint8Array(4), bitlen: 0 });
    expect(sockaddr('10.0.0.1', 53)).toEqual(sockaddr({ family: AF_INET, bytes, bitlen: 32 }, 53));
  });

  it.each(['10.0.0.1/33', '10.0.0.1/', '10.0.0.1/x', '10.0.0.1/-1', '10.0.0.1/24/24', '2001:db8::1/129', '::1/'])('%s is no prefix', (text) => expect(() => parsePrefix(text)).toThrow('is not a prefix'));
  it.each(['10.0.0', '10.0.0.256', 'x', ':::', '1:2', 'fe80::1%', ''])('"%s" is no address', (text) => expect(() => parseAddress(text)).toThrow(`"${text}" is not an IP address`));

  it('are of a family that has typed calls', () => {
    expect(() => inetFamily(AF_MPLS)).toThrow('there are no typed calls for addresses of family 28');
    expect(inetFamily(AF_INET6).broadcast(parsePrefix('2001:db8::1/64'))).toBeNull();
    expect(inetFamily(AF_INET).broadcast({ family: AF_INET, bytes, bitlen: 31 })).toBeNull();
    expect(inetFamily(AF_INET).broadcast({ family: AF_INET, bytes, bitlen: 24 })).toEqual(Uint8Array.of(10, 0, 0, 255));
  });
});
