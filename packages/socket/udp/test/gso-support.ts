/** Two sockets between the namespaces of a bed, and what goes over the wire between them. */
import { NETIF_F_ALL_TSO, NETIF_F_GSO_UDP_L4, type NetDevice, devSetWantedFeatures } from '@skbuff/core';
import type { Cmsg, Task } from '@skbuff/sock';
import { type TwoHosts, sin } from '@skbuff/testbed';
import { AF_INET, MSG_DONTWAIT, SOCK_DGRAM, SOL_UDP, UDP_GRO } from '@skbuff/uapi';
import { be16, be32, csumFold, csumPartial, csumTcpudpNofold, ipFastCsumOk, leS32 } from '@skbuff/wire';
import { expect } from 'vitest';

export const to = sin('10.0.0.2', 53);

/** Bytes that tell each place of a payload. */
export function payload(n: number): Uint8Array {
  return Uint8Array.from({ length: n }, (_, i) => (i * 7 + (i >>> 8)) & 0xff);
}

/** A sender on 10.0.0.1:1000 and a receiver on 10.0.0.2:53; they know each other's MAC address. */
export function pair({ ta, tb, clock }: TwoHosts): { s: number; r: number } {
  const s = ta.socket(AF_INET, SOCK_DGRAM);
  const r = tb.socket(AF_INET, SOCK_DGRAM);
  expect([ta.bind(s, sin('10.0.0.1', 1000)), tb.bind(r, to)]).toEqual([0, 0]);
  ta.sendto(s, payload(1), 0, to);
  clock.advance(1e6);
  read(tb, r);
  return { s, r };
}

export interface Received {
  readonly data: Uint8Array;
  /** What UDP_GRO says of it; 0: nothing. */
  readonly gro: number;
}

/** Everything that waits. */
export function readAll(task: Task, fd: number): Received[] {
  const all: Received[] = [];
  for (;;) {
    const buf = new Uint8Array(70000);
    const control: Cmsg[] = [];
    const n = task.recvmsg(fd, { iov: [buf], control }, MSG_DONTWAIT) as number;
    if (n < 0) return all;
    const gro = control.find((c) => c.level === SOL_UDP && c.type === UDP_GRO);
    all.push({ data: buf.slice(0, n), gro: gro === undefined ? 0 : leS32(gro.data, 0) });
  }
}

/** Everything that waits, by its length; `1200/500`: with UDP_GRO saying 500. */
export function read(task: Task, fd: number): string {
  return readAll(task, fd).map(({ data, gro }) => (gro === 0 ? `${data.length}` : `${data.length}/${gro}`)).join(' ');
}

export function join(all: readonly Received[]): Uint8Array {
  return Uint8Array.from(all.flatMap(({ data }) => [...data]));
}

/** A frame in a few words: its bytes, identification beyond the first's, DF, UDP length, and whether both checksums are right. */
export function wire(frames: readonly Uint8Array[]): string[] {
  const first = frames.length === 0 ? 0 : be16(frames[0] as Uint8Array, 18);
  return frames.map((f) => {
    const id = (be16(f, 18) - first) & 0xffff;
    const df = (f[20] as number) & 0x40 ? ' DF' : '';
    const ip = ipFastCsumOk(f, 14, 5) && be16(f, 16) === f.length - 14 ? 'good' : 'bad';
    const pseudo = csumTcpudpNofold(be32(f, 26), be32(f, 30), f.length - 34, 17);
    const udp = csumFold(csumPartial(f, 34, f.length - 34, pseudo)) === 0 ? 'summed' : be16(f, 40) === (~csumFold(pseudo) & 0xffff) ? 'pseudo' : 'bad';
    return `${f.length} id+${id}${df} udp ${be16(f, 38)} ip ${ip} ${udp}`;
  });
}

/** The user switches an offload (`ethtool -K`). */
export function ethtool(dev: NetDevice, feature: number, on: boolean): void {
  devSetWantedFeatures(dev, on ? feature : 0, feature);
}

export const USO: number = NETIF_F_GSO_UDP_L4;
export const TSO: number = NETIF_F_ALL_TSO;
