/**
 * A stack without the packages of IPv6 beside Linux without IPv6. golden/without-ipv6.txt holds what the commands of Debian 12 said, as root of a Linux
 * 6.1 whose module ipv6 was not loaded: a line, what it printed, and its status.
 */
import { readFileSync } from 'node:fs';
import { SockaddrIn6 } from '@skbuff/af-inet6';
import { packetProtocol, SockaddrLl } from '@skbuff/af-packet';
import { SKB_DROP_REASON_UNHANDLED_PROTO, TX_PACKETS, VirtualClock } from '@skbuff/core';
import { procNetOf } from '@skbuff/procfs';
import { sysctlOf } from '@skbuff/sysctl';
import {
  AF_INET, AF_INET6, AF_PACKET, EAFNOSUPPORT, ENOPROTOOPT, EOPNOTSUPP, ETH_P_IPV6, IPPROTO_ICMPV6, IPPROTO_UDP, IPV6_UNICAST_HOPS, IPV6_V6ONLY, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET,
  SOCK_STREAM, SOL_IPV6,
} from '@skbuff/uapi';
import { In6Addr } from '@skbuff/wire';
import { afterEach, describe, expect, it } from 'vitest';
import { createNet, type Host, type HostNet, linux } from '../src/index.ts';

interface Recorded {
  readonly line: string;
  readonly printed: string;
  readonly status: number;
}

const GOLDEN: readonly Recorded[] = readFileSync(new URL('golden/without-ipv6.txt', import.meta.url), 'utf8').split(/^\$ /m).slice(1).map((record) => {
  const [, line = '', printed = '', status = ''] = /^(.*)\n([^]*)^=> (\d+)\n$/m.exec(record) ?? [];
  return { line, printed, status: Number(status) };
});

/** Which of the two streams comes first is the shell's; tools put blanks behind words. */
const plain = (text: string): string[] => text.split('\n').map((line) => line.trimEnd()).filter((line) => line !== '').sort();

let net: HostNet;
afterEach(() => expect(net.close()).toEqual({}));

function host(): Host {
  net = createNet({ plugins: linux({ ipv6: false }), clock: new VirtualClock(), debug: true });
  return net.host('h');
}

describe('commands about IPv6', () => {
  it.each(GOLDEN)('$line', async ({ line, printed, status }) => {
    const { code, stdout, stderr } = await host().run(line);
    expect({ status: code, printed: plain(stdout + stderr) }).toEqual({ status, printed: plain(printed) });
  });
});

describe('system calls', () => {
  it('know no socket of IPv6, and no address of it for one of IPv4', () => {
    const { task } = host();
    for (const type of [SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET]) {
      for (const protocol of [0, IPPROTO_UDP, IPPROTO_ICMPV6, 255]) expect(task.socket(AF_INET6, type, protocol)).toBe(-EAFNOSUPPORT);
    }
    const fd = task.socket(AF_INET, SOCK_DGRAM);
    const loopback = new SockaddrIn6(new In6Addr(0, 0, 0, 1), 53);
    expect([task.bind(fd, loopback), task.connect(fd, loopback), task.sendto(fd, new Uint8Array(1), 0, loopback)]).toEqual([-EAFNOSUPPORT, -EAFNOSUPPORT, -EAFNOSUPPORT]);
    for (const option of [IPV6_UNICAST_HOPS, IPV6_V6ONLY]) expect([task.setsockopt(fd, SOL_IPV6, option, 1), task.getsockopt(fd, SOL_IPV6, option, new Uint8Array(4))]).toEqual([-ENOPROTOOPT, -EOPNOTSUPP]);
  });
});

describe('files', () => {
  it('of IPv6 are not there, below /proc/net and /proc/sys/net', () => {
    const { ns } = host();
    expect(procNetOf(ns).list().filter((file) => file.includes('6'))).toEqual([]);
    expect(['sockstat', 'protocols', 'ptype', 'dev_mcast'].map((file) => /v6|V6/.test(String(procNetOf(ns).read(file))))).toEqual([false, false, false, false]);
    expect(sysctlOf(ns).list().filter((file) => file.includes('ipv6'))).toEqual([]);
  });
});

describe('devices', () => {
  it('join no group of IPv6, send nothing of their own accord, and drop what comes', async () => {
    const h = host();
    const other = net.host('other');
    const { a, b } = net.link(h, other);
    const drops: number[] = [];
    net.kernel.skbs.dropMonitor = (skb, reason) => void (skb.dev === a && drops.push(reason));
    await net.advance(10_000);
    expect([a, b].map(({ stats }) => stats[TX_PACKETS])).toEqual([0, 0]);
    expect((await h.run('ip maddr show dev eth0')).stdout).not.toContain('33:33:');
    const fd = other.task.socket(AF_PACKET, SOCK_DGRAM, packetProtocol(ETH_P_IPV6));
    other.task.sendto(fd, Uint8Array.of(0x60, 0, 0, 0, 0, 0, 59, 64, ...new Uint8Array(32)), 0, new SockaddrLl(ETH_P_IPV6, b.ifindex, a.devAddr.subarray(0, 6)));
    await net.advance(10);
    expect(drops).toEqual([SKB_DROP_REASON_UNHANDLED_PROTO]);
  });
});
