/** What a datagram socket does whatever its family is. */
import type { SockAddr } from '@skbuff/sock';
import { type HostFamily, TwoHosts, bytes, hostFamilies, text } from '@skbuff/testbed';
import { udp } from '@skbuff/udp';
import * as U from '@skbuff/uapi';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { udpv6 } from '../src/index.ts';

describe.each(hostFamilies)('UDP over $name', (family: HostFamily) => {
  let lab: TwoHosts;
  beforeEach(() => {
    lab = new TwoHosts([udp(), ...(family.af === U.AF_INET6 ? [udpv6()] : [])], family);
  });
  afterEach(() => {
    expect(lab.close()).toEqual({});
  });

  const at = (addr: string, port: number): SockAddr => family.sockaddr(addr, port);
  /** A socket of host b, bound; and one of host a that is connected to it. */
  function pair(port = 5000): readonly [server: number, client: number] {
    const server = lab.tb.socket(family.af, U.SOCK_DGRAM);
    expect(lab.tb.bind(server, at(family.hostB, port))).toBe(0);
    const client = lab.ta.socket(family.af, U.SOCK_DGRAM);
    expect(lab.ta.connect(client, at(family.hostB, port))).toBe(0);
    return [server, client];
  }
  const read = (fd: number, room = 100, flags = 0): unknown => lab.tb.recvfrom(fd, new Uint8Array(room), flags | U.MSG_DONTWAIT);

  it('asks and answers', () => {
    const [server, client] = pair();
    expect(lab.ta.sendto(client, bytes('ping'))).toBe(4);
    const from = at(family.hostB, 0);
    const buf = new Uint8Array(100);
    expect(lab.tb.recvfrom(server, buf, 0, from)).toBe(4);
    expect(text(buf, 4)).toBe('ping');
    expect(lab.tb.sendto(server, bytes('pong!'), 0, from)).toBe(5);
    expect(lab.ta.recvfrom(client, buf, U.MSG_DONTWAIT)).toBe(5);
  });

  it('waits for what comes', async () => {
    const [server, client] = pair();
    const reading = lab.tb.recvfrom(server, new Uint8Array(100));
    lab.ta.sendto(client, bytes('late'));
    expect(await reading).toBe(4);
  });

  it('peeks, cuts, and tells the whole length', () => {
    const [server, client] = pair();
    lab.ta.sendto(client, bytes('abcdef'));
    expect([read(server, 100, U.MSG_PEEK), read(server, 2, U.MSG_PEEK | U.MSG_TRUNC), read(server, 2), read(server)]).toEqual([6, 6, 2, -U.EAGAIN]);
  });

  it('loses what the receive buffer has no room for, and what was taken out makes room', () => {
    const [server, client] = pair();
    lab.tb.setsockopt(server, U.SOL_SOCKET, U.SO_RCVBUF, 1);
    for (let i = 0; i < 20; i++) lab.ta.sendto(client, new Uint8Array(100));
    let n = 0;
    while (read(server) === 100) n++;
    expect(n).toBeGreaterThan(0);
    expect(n).toBeLessThan(20);
    lab.ta.sendto(client, new Uint8Array(100));
    expect(read(server)).toBe(100);
  });

  it('sends nothing after SHUT_WR, and nothing to nobody', () => {
    const [, client] = pair();
    expect(lab.ta.shutdown(client, U.SHUT_WR)).toBe(0);
    expect(lab.ta.sendto(client, bytes('x'))).toBe(-U.EPIPE);
    expect(lab.ta.sendto(lab.ta.socket(family.af, U.SOCK_DGRAM), bytes('x'))).toBe(-U.EDESTADDRREQ);
  });

  it('collects pieces with MSG_MORE', () => {
    const [server, client] = pair();
    for (const [part, flags] of [['a', U.MSG_MORE], ['b', U.MSG_MORE], ['c', 0]] as const) lab.ta.sendto(client, bytes(part), flags);
    expect([read(server), read(server)]).toEqual([3, -U.EAGAIN]);
  });

  it('carries datagrams of any length', () => {
    const [server, client] = pair();
    for (const n of [0, 1, 1000, 1473, 9000, 65000]) {
      expect(lab.ta.sendto(client, new Uint8Array(n))).toBe(n);
      expect(read(server, 70000)).toBe(n);
    }
  });

  it('tells the device the socket is bound to, and refuses foreign ports to who may not have them', () => {
    const fd = lab.tb.socket(family.af, U.SOCK_DGRAM);
    expect(lab.tb.setsockopt(fd, U.SOL_SOCKET, U.SO_BINDTODEVICE, bytes('vb'))).toBe(0);
    expect(lab.tb.bind(fd, at(family.hostA, 0))).toBe(-U.EADDRNOTAVAIL);
    expect(lab.tb.bind(fd, at(family.hostB, 80))).toBe(0);
  });
});
