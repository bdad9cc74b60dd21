/** Errors about packets of this host (`icmp_unreach`, `icmp_redirect`, `icmp_err`): checked, and passed on to whom they concern. */
import {
  type NetDevice,
  SKB_DROP_REASON_IP_INHDR,
  SKB_DROP_REASON_NOMEM,
  SKB_DROP_REASON_NOT_SPECIFIED,
  SKB_DROP_REASON_PKT_TOO_SMALL,
  type SkBuff,
} from '@skbuff/core';
import { ipv4Net } from '@skbuff/ipv4';
import {
  ICMP_DEST_UNREACH,
  ICMP_ECHOREPLY,
  ICMP_EXC_FRAGTIME,
  ICMP_FRAG_NEEDED,
  ICMP_MIB_INERRORS,
  IPPROTO_RAW,
  ICMP_PARAMETERPROB,
  ICMP_REDIRECT,
  ICMP_TIME_EXCEEDED,
  NR_ICMP_UNREACH,
  RTN_BROADCAST,
} from '@skbuff/uapi';
import {
  ICMPHDR_CODE,
  ICMPHDR_GATEWAY,
  ICMPHDR_MTU,
  ICMPHDR_TYPE,
  IPHDR_DADDR,
  IPHDR_LEN,
  IPHDR_PROTOCOL,
  IPHDR_SADDR,
  be16,
  be32,
  inetNtoa,
  ipHdrlen,
} from '@skbuff/wire';
import { type IcmpNet, icmpNet } from './icmp-net.ts';

/** The error is not to be passed on. */
const NOBODY = -1;

/** Values of net.ipv4.ip_no_pmtu_disc. */
const PMTU_DISC = 0;
const PMTU_DISC_NEVER_LEARN = 2;
const PMTU_DISC_CHECKED_ONLY = 3;

/** `icmp_unreach`: destination unreachable, time exceeded, parameter problem, source quench. 0 or a drop reason. */
export function icmpUnreach(skb: SkBuff): number {
  const state = icmpNet.of((skb.dev as NetDevice).net);
  if (!skb.mayPull(IPHDR_LEN)) return bad(state, SKB_DROP_REASON_NOT_SPECIFIED);
  if ((skb.bytes[skb.data] & 0x0f) < 5) return bad(state, SKB_DROP_REASON_IP_INHDR);
  const info = errorInfo(skb);
  if (info !== NOBODY && !isBogus(state, skb)) icmpSocketDeliver(state, skb, info);
  return 0;
}

function bad(state: IcmpNet, reason: number): number {
  state.mib[ICMP_MIB_INERRORS]++;
  return reason;
}

/** What the second word says: the next hop's MTU, or where the fault is; or that the error is not believed. */
function errorInfo(skb: SkBuff): number {
  const { bytes, transportHeader: icmph } = skb;
  const code = bytes[icmph + ICMPHDR_CODE];
  switch (bytes[icmph + ICMPHDR_TYPE]) {
    case ICMP_DEST_UNREACH:
      if (code > NR_ICMP_UNREACH) return NOBODY;
      return code === ICMP_FRAG_NEEDED ? fragNeededInfo(skb) : 0;
    case ICMP_PARAMETERPROB:
      return bytes[icmph + ICMPHDR_GATEWAY];
    case ICMP_TIME_EXCEEDED:
      return code === ICMP_EXC_FRAGTIME ? NOBODY : 0;
    default:
      return 0;
  }
}

function fragNeededInfo(skb: SkBuff): number {
  const { net } = skb.dev as NetDevice;
  const { ipNoPmtuDisc, ip } = ipv4Net.of(net);
  const mtu = be16(skb.bytes, skb.transportHeader + ICMPHDR_MTU);
  if (ipNoPmtuDisc === PMTU_DISC_NEVER_LEARN) return NOBODY;
  if (ipNoPmtuDisc === PMTU_DISC_CHECKED_ONLY) {
    // Only transports that can tell whether they sent the quoted packet.
    return ip.protos[skb.bytes[skb.data + IPHDR_PROTOCOL]]?.icmpStrictTagValidation === true ? mtu : NOBODY;
  }
  return ipNoPmtuDisc === PMTU_DISC ? mtu : 0;
}

/** Some routers report errors about broadcasts, which nobody may do (RFC 1122 §3.2.2). */
function isBogus(state: IcmpNet, skb: SkBuff): boolean {
  if (state.ignoreBogusErrorResponses !== 0) return false;
  const dev = skb.dev as NetDevice;
  const { bytes } = skb;
  const daddr = be32(bytes, skb.data + IPHDR_DADDR);
  if (state.ip.routing?.addrType(dev.net, daddr, null) !== RTN_BROADCAST) return false;
  const saddr = inetNtoa(be32(bytes, skb.networkHeader + IPHDR_SADDR));
  const [type, code] = [bytes[skb.transportHeader + ICMPHDR_TYPE], bytes[skb.transportHeader + ICMPHDR_CODE]];
  dev.net.kernel.log(`${saddr} sent an invalid ICMP type ${type}, code ${code} error to a broadcast: ${inetNtoa(daddr)} on ${dev.name}`);
  return true;
}

/** `icmp_redirect`. */
export function icmpRedirect(skb: SkBuff): number {
  const state = icmpNet.of((skb.dev as NetDevice).net);
  if (skb.len < IPHDR_LEN) return bad(state, SKB_DROP_REASON_PKT_TOO_SMALL);
  if (!skb.mayPull(IPHDR_LEN)) return SKB_DROP_REASON_NOMEM;
  icmpSocketDeliver(state, skb, be32(skb.bytes, skb.transportHeader + ICMPHDR_GATEWAY));
  return 0;
}

/**
 * `icmp_socket_deliver`: to raw sockets, and to the transport whose packet is quoted with 8 bytes at least. One that no socket of the
 * transport sent counts as wrong.
 */
function icmpSocketDeliver(state: IcmpNet, skb: SkBuff, info: number): void {
  const protocol = skb.bytes[skb.data + IPHDR_PROTOCOL];
  // Raw sockets of this number only send, each packet as another protocol.
  if (protocol === IPPROTO_RAW || !skb.mayPull(ipHdrlen(skb.bytes, skb.data) + 8)) {
    state.mib[ICMP_MIB_INERRORS]++;
    return;
  }
  const { bytes, transportHeader } = skb;
  const type = bytes[transportHeader + ICMPHDR_TYPE];
  const code = bytes[transportHeader + ICMPHDR_CODE];
  state.ip.raw?.icmpError(skb, protocol, type, code, info);
  if (state.ip.protos[protocol]?.errHandler?.(skb, type, code, info) === false) state.mib[ICMP_MIB_INERRORS]++;
}

/**
 * `icmp_err`: the quoted packet is an ICMP message of this host. Errors about what ping sockets sent are theirs; those about answers of the
 * kernel itself teach only routing.
 */
export function icmpErr(skb: SkBuff, type: number, code: number, info: number): boolean {
  const { net } = skb.dev as NetDevice;
  const { icmp, ip } = icmpNet.of(net);
  const quoted = skb.data + ipHdrlen(skb.bytes, skb.data);
  if (skb.bytes[quoted + ICMPHDR_TYPE] !== ICMP_ECHOREPLY) icmp.ping?.err(skb, type, code, info);
  else if (type === ICMP_DEST_UNREACH && code === ICMP_FRAG_NEEDED) ip.routing?.updatePmtu?.(net, skb, info);
  else if (type === ICMP_REDIRECT) ip.routing?.redirect?.(net, skb, info, be32(skb.bytes, skb.networkHeader + IPHDR_SADDR));
  return true;
}
