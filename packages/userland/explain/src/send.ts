/** Sends the packet: by a socket of the host, or by an interface as if it came from outside. */
import { SockaddrIn } from '@skbuff/af-inet';
import type { Net, NetDevice, SkBuff } from '@skbuff/core';
import { ethTypeTrans } from '@skbuff/ethernet';
import type { Host } from '@skbuff/hosts';
import { SysError, type Task } from '@skbuff/sock';
import {
  AF_INET, errnoName, ETH_HLEN, ETH_P_IP, IP_DF, IP_MTU_DISCOVER, IP_PMTUDISC_DO, IP_PMTUDISC_DONT, IP_TOS, IP_TTL, IPPROTO_ICMP, IPPROTO_IP, IPPROTO_TCP, IPPROTO_UDP,
  MSG_DONTWAIT, SO_BROADCAST, SO_MARK, SO_REUSEADDR, SOCK_DGRAM, SOCK_RAW, SOL_SOCKET, ENODEV,
} from '@skbuff/uapi';
import {
  copyBytes, csumPartial, csumTcpudpMagic, inetNtoa, ipComputeCsum, ipFastCsum, ICMPHDR_CHECKSUM, ICMPHDR_ID, ICMPHDR_LEN, ICMPHDR_SEQUENCE, IPHDR_CHECK, IPHDR_DADDR, IPHDR_FRAG_OFF, IPHDR_ID,
  IPHDR_LEN, IPHDR_PROTOCOL, IPHDR_SADDR, IPHDR_TOS, IPHDR_TOT_LEN, IPHDR_TTL, setBe16, setBe32, UDPHDR_CHECK, UDPHDR_LEN, UDPHDR_ULEN,
} from '@skbuff/wire';
import type { Packet } from './packet.ts';
import type { Trace } from './trace.ts';
import { otherEnd } from './tap-door.ts';

const TCPHDR_LEN = 20;
const TCPHDR_CHECK = 16;
const DEFAULT_TTL = 64;
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
  const frame = frameOf(packet, dev);
  trace.add(host.ns, dev, 'send', 'packet', 'netifRx', `from outside on ${dev.name}: ${packet.text}`);
  inject(dev, frame, packet.mark);
  return { refusal: null, drain: () => {}, close: () => {} };
}

function sendBySocket(trace: Trace, { task, ns }: Host, packet: Packet): Sent {
  const udp = packet.protocol === 'udp';
  const fd = udp ? task.socket(AF_INET, SOCK_DGRAM) : task.socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  const refused = (call: string, error: number): Sent => (task.close(fd), { refusal: { call, error }, drain: () => {}, close: () => {} });
  if (fd < 0) return { refusal: { call: 'socket', error: fd }, drain: () => {}, close: () => {} };
  const step = trace.add(ns, null, 'send', 'packet', udp ? 'udpSendmsg' : 'rawSendmsg', `${packet.length} bytes of payload to ${inetNtoa(packet.daddr)}${udp ? `:${packet.dport}` : ''}`);
  const option = options(task, fd, packet);
  if (option !== null) return refused(option.call, option.error);
  if (packet.saddr !== null || packet.sport !== 0) {
    const err = task.bind(fd, new SockaddrIn(packet.saddr ?? 0, packet.sport));
    if (err < 0) return (step.text += `: bind: ${errnoName(err)}`), refused('bind', err);
  }
  const body = udp ? new Uint8Array(packet.length) : icmpOf(packet);
  const sent = task.sendto(fd, body, MSG_DONTWAIT, new SockaddrIn(packet.daddr, packet.dport)) as number;
  const buf = new Uint8Array(65536);
  const drain = (): void => {
    // An ICMP error is told once, then the rest can be read.
    for (let n = 0, errors = 0; errors < 4; n >= 0 || errors++) n = task.recvfrom(fd, buf, MSG_DONTWAIT) as number;
  };
  return { refusal: sent < 0 ? { call: 'sendto', error: sent } : null, drain, close: () => void task.close(fd) };
}

function options(task: Task, fd: number, packet: Packet): Refusal | null {
  const wanted: readonly (readonly [level: number, name: number, value: number | null])[] = [
    [SOL_SOCKET, SO_REUSEADDR, 1],
    [SOL_SOCKET, SO_BROADCAST, 1],
    [SOL_SOCKET, SO_MARK, packet.mark === 0 ? null : packet.mark],
    [IPPROTO_IP, IP_TTL, packet.ttl],
    [IPPROTO_IP, IP_TOS, packet.tos === 0 ? null : packet.tos],
    [IPPROTO_IP, IP_MTU_DISCOVER, packet.df === null ? null : packet.df ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT],
  ];
  for (const [level, name, value] of wanted) {
    const err = value === null ? 0 : task.setsockopt(fd, level, name, value);
    if (err < 0) return { call: 'setsockopt', error: err };
  }
  return null;
}

function icmpOf({ icmp, length }: Packet): Uint8Array {
  const b = new Uint8Array(ICMPHDR_LEN + length);
  b[0] = icmp.type;
  b[1] = icmp.code;
  setBe16(b, ICMPHDR_ID, icmp.id);
  setBe16(b, ICMPHDR_SEQUENCE, icmp.seq);
  setBe16(b, ICMPHDR_CHECKSUM, ipComputeCsum(b, 0, b.length));
  return b;
}

/** The whole frame as a wire would bring it. */
function frameOf(packet: Packet, dev: NetDevice): Uint8Array {
  const upper = upperOf(packet);
  const b = new Uint8Array(ETH_HLEN + IPHDR_LEN + upper.length);
  copyBytes(b, 0, dev.devAddr, 0, 6);
  b.set(otherEnd(dev)?.devAddr.subarray(0, 6) ?? STRANGER, 6);
  setBe16(b, 12, ETH_P_IP);
  const ip = ETH_HLEN;
  b[ip] = 0x45;
  b[ip + IPHDR_TOS] = packet.tos;
  setBe16(b, ip + IPHDR_TOT_LEN, IPHDR_LEN + upper.length);
  setBe16(b, ip + IPHDR_ID, 1);
  setBe16(b, ip + IPHDR_FRAG_OFF, packet.df === true ? IP_DF : 0);
  b[ip + IPHDR_TTL] = packet.ttl ?? DEFAULT_TTL;
  b[ip + IPHDR_PROTOCOL] = numberOf(packet);
  setBe32(b, ip + IPHDR_SADDR, packet.saddr ?? 0);
  setBe32(b, ip + IPHDR_DADDR, packet.daddr);
  setBe16(b, ip + IPHDR_CHECK, ipFastCsum(b, ip, 5) ^ (packet.badIpCsum ? 1 : 0));
  b.set(upper, ip + IPHDR_LEN);
  return b;
}

function numberOf({ protocol }: Packet): number {
  return protocol === 'udp' ? IPPROTO_UDP : protocol === 'tcp' ? IPPROTO_TCP : IPPROTO_ICMP;
}

function upperOf(packet: Packet): Uint8Array {
  if (packet.protocol === 'icmp') return spoiled(icmpOf(packet), ICMPHDR_CHECKSUM, packet);
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
  const sum = csumTcpudpMagic(packet.saddr ?? 0, packet.daddr, b.length, numberOf(packet), csumPartial(b, 0, b.length, 0));
  setBe16(b, at, sum === 0 ? 0xffff : sum);
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
