import { AF_INET, AF_INET6 } from '@skbuff/uapi';
import { inetPton6 } from '@skbuff/wire';
import { describe, expect, it } from 'vitest';
import { formatPacketError, type Packet, PacketSyntaxError, parsePacket } from '../src/index.ts';

const ip = (text: string): Packet['daddr'] => ({ family: AF_INET, bytes: Uint8Array.from(text.split('.'), Number), bitlen: 32, zone: '' });
const ip6 = (text: string, zone = ''): Packet['daddr'] => ({ family: AF_INET6, bytes: inetPton6(text) as Uint8Array, bitlen: 128, zone });

describe('packets in words', () => {
  it.each<[string, Partial<Packet>]>([
    ['udp 10.0.1.2:1000 > 10.0.2.2:53', { protocol: 'udp', saddr: ip('10.0.1.2'), sport: 1000, daddr: ip('10.0.2.2'), dport: 53, ttl: null, df: null, length: 0 }],
    ['udp > 10.0.2.2:53', { saddr: null, sport: 0 }],
    ['udp>10.0.2.2:53', { daddr: ip('10.0.2.2'), dport: 53 }],
    ['udp 10.0.1.2 > 10.0.2.2:53 ttl 3 tos 0x10 len 1400 df mark 7', { sport: 0, ttl: 3, tos: 16, length: 1400, df: true, mark: 7 }],
    ['udp > 10.0.2.2:53 nodf', { df: false }],
    ['icmp 10.0.1.2 > 10.0.2.2', { protocol: 'icmp', length: 56, icmp: { type: 8, code: 0, id: 1, seq: 1 } }],
    ['icmp > 10.0.2.2 type timestamp id 9 seq 0x10 code 0', { icmp: { type: 13, code: 0, id: 9, seq: 16 } }],
    ['icmp > 10.0.2.2 type 13', { icmp: { type: 13, code: 0, id: 1, seq: 1 } }],
    ['tcp 10.0.1.2:4000 > 10.0.2.2:80 [S.] in eth1', { protocol: 'tcp', flags: 18, iface: 'eth1' }],
    ['tcp 10.0.1.2:4000 > 10.0.2.2:80 in eth1', { flags: 2 }],
    ['udp [2001:db8:1::2]:1000 > [2001:db8:2::2]:53', { protocol: 'udp', saddr: ip6('2001:db8:1::2'), sport: 1000, daddr: ip6('2001:db8:2::2'), dport: 53 }],
    ['udp 2001:db8:1::2 > [2001:db8:2::2]:53 ttl 3 tos 0x10', { saddr: ip6('2001:db8:1::2'), sport: 0, ttl: 3, tos: 16 }],
    ['udp > [fe80::1%eth0.7]:53', { saddr: null, daddr: ip6('fe80::1', 'eth0.7'), dport: 53 }],
    ['icmp > 2001:db8:2::2', { protocol: 'icmp', length: 56, daddr: ip6('2001:db8:2::2'), icmp: { type: 128, code: 0, id: 1, seq: 1 } }],
    ['icmp fe80::2%eth0 > [fe80::1%3] type echo-reply', { saddr: ip6('fe80::2', 'eth0'), daddr: ip6('fe80::1', '3'), icmp: { type: 129, code: 0, id: 1, seq: 1 } }],
    ['icmp > ::ffff:10.0.2.2', { daddr: ip6('::ffff:10.0.2.2') }],
    ['tcp [2001:db8::1]:4000 > [2001:db8::2]:80 [S.] in eth1', { saddr: ip6('2001:db8::1'), sport: 4000, dport: 80, flags: 18, iface: 'eth1' }],
    ['udp 10.0.1.2:1 > 10.0.2.2:53 in eth1 bad-csum', { badCsum: true, badIpCsum: false }],
  ])('%s', (text, wanted) => {
    expect(parsePacket(text)).toMatchObject(wanted);
  });

  it.each([
    ['', 1, 'the packet ends where a packet should be'],
    ['sctp 1.2.3.4 > 1.2.3.4', 1, 'this is no protocol'],
    ['udp', 4, 'ends where a source'],
    ['udp 10.0.1.2:1000 10.0.2.2:53', 19, 'an arrow'],
    ['udp 10.0.1.2:1000 > ', 20, 'ends where a destination'],
    ['udp > 10.0.2.300:53', 7, 'this is no IP address'],
    ['udp > 10.0.2.2', 7, 'the port is missing'],
    ['udp > 2001:db8::2', 7, 'the port is missing'],
    ['udp > [2001:db8::2]', 7, 'the port is missing'],
    ['udp > [2001:db8::2]:99999', 21, 'this is not a port'],
    ['udp > [2001:db8::zz]:53', 8, 'this is no IP address'],
    ['udp > [2001:db8::2:53', 7, 'this is no IP address'],
    ['icmp > 2001:db8:2', 8, 'this is no IP address'],
    ['icmp > fe80::1%', 8, 'this is no IP address'],
    ['icmp > 10.0.2.2%eth0', 8, 'this is no IP address'],
    ['icmp > [2001:db8::2]:53', 21, 'icmp has no ports'],
    ['icmp 10.0.1.2 > 2001:db8::2', 17, 'source and destination are of two families'],
    ['icmp > 2001:db8::2 type timestamp', 25, 'this is not the value of type'],
    ['icmp 2001:db8::1 > 2001:db8::2 in eth0 bad-ip-csum', 40, 'the header of IPv6 has no checksum'],
    ['udp > 10.0.2.2:99999', 16, 'this is not a port'],
    ['icmp > 10.0.2.2:53', 16, 'icmp has no ports'],
    ['udp > 10.0.2.2:53 ttl 0', 23, 'this is not the value of ttl'],
    ['udp > 10.0.2.2:53 ttl', 22, 'ends where a number after ttl'],
    ['udp > 10.0.2.2:53 ttl 3 ttl 4', 25, 'ttl is there twice'],
    ['udp > 10.0.2.2:53 quickly', 19, 'this is no option'],
    ['udp > 10.0.2.2:53 type 8', 19, 'type is for icmp'],
    ['udp > 10.0.2.2:53 [S]', 19, 'flags are for tcp'],
    ['tcp 10.0.1.2:1 > 10.0.2.2:80 [X] in eth0', 30, 'these are no TCP flags'],
    ['tcp 10.0.1.2:1 > 10.0.2.2:80', 1, 'nothing here sends tcp'],
    ['udp > 10.0.2.2:53 bad-csum', 19, 'the kernel makes no wrong checksums'],
    ['udp > 10.0.2.2:53 in eth0', 5, 'needs a source'],
    ['udp 10.0.1.2 > 10.0.2.2:53 in eth0', 5, 'needs a source port'],
  ])('refuses %j at column %i: %s', (text, column, message) => {
    let error: unknown;
    try {
      parsePacket(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(PacketSyntaxError);
    expect((error as PacketSyntaxError).column).toBe(column);
    expect((error as PacketSyntaxError).message).toContain(message);
    expect(formatPacketError(error as PacketSyntaxError).split('\n')[2]).toMatch(new RegExp(`^ \\| {${column}}\\^`));
  });

  it('puts a caret under what is wrong', () => {
    expect(() => parsePacket('udp > 10.0.2.300:53')).toThrow(PacketSyntaxError);
    try {
      parsePacket('udp > 10.0.2.300:53');
    } catch (error) {
      expect(formatPacketError(error as PacketSyntaxError)).toBe(
        ['packet:7: error: this is no IP address', ' | udp > 10.0.2.300:53', ' |       ^^^^^^^^^^', '   expected: an address and a port, such as 10.0.2.2:53 or [2001:db8::2]:53'].join('\n'),
      );
    }
  });

  it('lets no control character through', () => {
    try {
      parsePacket('udp > \u001b[31m:53');
    } catch (error) {
      expect(formatPacketError(error as PacketSyntaxError)).not.toContain('\u001b');
    }
  });
});
