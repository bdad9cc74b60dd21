/** Sends the packet: by a socket of the host, or by an interface as if it came from outside. */
import type { Net, NetDevice, SkBuff } from '@skbuff/core';
import { ethTypeTrans } from '@skbuff/ethernet';
import { type Host, inetFamily } from '@skbuff/hosts';
import { SysError, type Task } from '@skbuff/sock';
import { ENODEV, errnoName, ETH_HLEN, MSG_DONTWAIT, SO_BROADCAST, SO_MARK, SO_REUSEADDR, SOCK_DGRAM, SOCK_RAW, SOL_SOCKET } from '@skbuff/uapi';
import { copyBytes, ICMPHDR_CHECKSUM, ICMPHDR_ID, ICMPHDR_LEN, ICMPHDR_SEQUENCE, setBe16, UDPHDR_CHECK, UDPHDR_LEN, UDPHDR_ULEN } from '@skbuff/wire';
import { otherEnd } from './far-end.ts';
import type { SocketOption } from './family.ts';
import { endName } from './headers.ts';
import type { Packet } from './packet.ts';
import type { Trace } from './trace.ts';

const TCPHDR_LEN = 20;
const TCPHDR_CHECK = 16;
/** A neighbour of whom only this packet is known. */
const STRANGER: readonly number[] = [2, 0, 0, 0, 0, 1];

/** What a system call refused: its name and the errno, negative. */
export interface Refusal {
  readonly call: string;
  readonly error: number;
}

/** What goes on after the packet was sent. */
export interface Sent {
  readonly refusal: Refusal | null;
  /** Takes what came for the socket; without that its packets would count as under way. */
  readonly drain: () => void;
  readonly close: () => void;
}

/** Sends. `SysError` ENODEV for an interface that is not there. */
export function sendPacket(trace: Trace, host: Host, packet: Packet): Sent {
  if (packet.iface === null) return sendBySocket(trace, host, packet);
  const dev = host.ns.devGetByName(packet.iface);
  if (dev === null) throw new SysError(`explain: ${host.name} has no interface ${packet.iface}`, -ENODEV);
  const frame = frameOf(trace, dev);
  trace.add(host.ns, dev, 'send', 'packet', 'netifRx', `from outside on ${dev.name}: ${packet.text}`);
  inject(dev, frame, packet.mark);
  return { refusal: null, drain: () => {}, close: () => {} };
}

function sendBySocket(trace: Trace, { task, ns }: Host, packet: Packet): Sent {
  const udp = packet.protocol === 'udp';
  const { daddr, saddr } = packet;
  const { options: wanted, functions, family, icmp } = trace.family;
  const { sockaddr } = inetFamily(family);
  const scopeId = scopeOf(ns, daddr.zone === '' ? (saddr?.zone ?? '') : daddr.zone);
  const fd = udp ? task.socket(family, SOCK_DGRAM) : task.socket(family, SOCK_RAW, icmp.protocol);
  const refused = (call: string, error: number): Sent => (task.close(fd), { refusal: { call, error }, drain: () => {}, close: () => {} });
  if (fd < 0) return { refusal: { call: 'socket', error: fd }, drain: () => {}, close: () => {} };
  const step = trace.add(ns, null, 'send', 'packet', udp ? functions.sendUdp : functions.sendRaw, `${packet.length} bytes of payload to ${udp ? endName(trace.daddr, packet.dport) : trace.daddr}`);
  const advice = trace.family.advice(packet);
  if (advice !== null) trace.notes.add(advice);
  const option = options(task, fd, packet, wanted(packet));
  if (option !== null) return refused(option.call, option.error);
  if (saddr !== null || packet.sport !== 0) {
    const err = task.bind(fd, sockaddr(saddr?.bytes ?? new Uint8Array(daddr.bytes.length), packet.sport, scopeId));
    if (err < 0) return (step.text += `: bind: ${errnoName(err)}`), refused('bind', err);
  }
  const body = udp ? new Uint8Array(packet.length) : icmpOf(trace);
  const sent = task.sendto(fd, body, MSG_DONTWAIT, sockaddr(daddr.bytes, udp ? packet.dport : 0, scopeId)) as number;
  const buf = new Uint8Array(65536);
  const drain = (): void => {
    // An ICMP error is told once, then the rest can be read.
    for (let n = 0, errors = 0; errors < 4; n >= 0 || errors++) n = task.recvfrom(fd, buf, MSG_DONTWAIT) as number;
  };
  return { refusal: sent < 0 ? { call: 'sendto', error: sent } : null, drain, close: () => void task.close(fd) };
}

/** The index of a zone, which is named or numbered. `SysError` ENODEV for one that is not there. */
function scopeOf(net: Net, zone: string): number {
  if (zone === '' || /^\d+$/.test(zone)) return Number(zone);
  const dev = net.devGetByName(zone);
  if (dev === null) throw new SysError(`explain: there is no interface ${zone}`, -ENODEV);
  return dev.ifindex;
}

function options(task: Task, fd: number, packet: Packet, more: readonly SocketOption[]): Refusal | null {
  const wanted: readonly SocketOption[] = [
    [SOL_SOCKET, SO_REUSEADDR, 1],
    [SOL_SOCKET, SO_BROADCAST, 1],
    [SOL_SOCKET, SO_MARK, packet.mark === 0 ? null : packet.mark],
    ...more,
  ];
  for (const [level, name, value] of wanted) {
    const err = value === null ? 0 : task.setsockopt(fd, level, name, value);
    if (err < 0) return { call: 'setsockopt', error: err };
  }
  return null;
}

function icmpOf({ packet, family }: Trace): Uint8Array {
  const { icmp, length } = packet;
  const b = new Uint8Array(ICMPHDR_LEN + length);
  b[0] = icmp.type;
  b[1] = icmp.code;
  setBe16(b, ICMPHDR_ID, icmp.id);
  setBe16(b, ICMPHDR_SEQUENCE, icmp.seq);
  setBe16(b, ICMPHDR_CHECKSUM, family.checksum(packet, family.icmp.protocol, b));
  return b;
}

/** The whole frame as a wire would bring it. */
function frameOf(trace: Trace, dev: NetDevice): Uint8Array {
  const { packet, family } = trace;
  const datagram = family.datagram(packet, trace.protocol(), upperOf(trace));
  const b = new Uint8Array(ETH_HLEN + datagram.length);
  copyBytes(b, 0, dev.devAddr, 0, 6);
  b.set(otherEnd(dev)?.devAddr.subarray(0, 6) ?? STRANGER, 6);
  setBe16(b, 12, family.ethType);
  b.set(datagram, ETH_HLEN);
  return b;
}

function upperOf(trace: Trace): Uint8Array {
  const { packet, family } = trace;
  if (packet.protocol === 'icmp') return spoiled(icmpOf(trace), ICMPHDR_CHECKSUM, packet);
  const udp = packet.protocol === 'udp';
  const b = new Uint8Array((udp ? UDPHDR_LEN : TCPHDR_LEN) + packet.length);
  setBe16(b, 0, packet.sport);
  setBe16(b, 2, packet.dport);
  if (udp) setBe16(b, UDPHDR_ULEN, b.length);
  else {
    b[12] = (TCPHDR_LEN / 4) << 4;
    b[13] = packet.flags;
    setBe16(b, 14, 65535);
  }
  const at = udp ? UDPHDR_CHECK : TCPHDR_CHECK;
  setBe16(b, at, family.checksum(packet, trace.protocol(), b));
  return spoiled(b, at, packet);
}

function spoiled(b: Uint8Array, at: number, { badCsum }: Packet): Uint8Array {
  if (badCsum) b[at] = (b[at] as number) ^ 0x55;
  return b;
}

function inject(dev: NetDevice, frame: Uint8Array, mark: number): void {
  const net: Net = dev.net;
  const skb = net.skbs.allocRx(dev, frame.length) as SkBuff | null;
  if (skb === null) return;
  skb.putData(frame, 0, frame.length);
  skb.protocol = ethTypeTrans(skb, dev);
  skb.mark = mark;
  net.softnet.netifRx(skb);
}
