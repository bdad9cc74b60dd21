import { readFileSync } from 'node:fs';
import type { Net } from '@skbuff/core';
import { NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK } from '@skbuff/uapi';
import { NetlinkNet, NetlinkPort, type NetlinkPortOptions, type NetlinkKernelCfg, NlMsgBuilder, type NlStruct, netlinkOpen } from '../src/index.ts';

export const hex = (b: Uint8Array): string => Buffer.from(b).toString('hex');
export const unhex = (s: string): Uint8Array => Uint8Array.from(Buffer.from(s, 'hex'));

export function record<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`./records/${name}.json`, import.meta.url), 'utf8')) as T;
}

export interface Exchange {
  name: string;
  options: { cap?: number; ext?: number; strict?: number };
  send: string;
  replies: string[];
}

/** The table of netlink protocols of a namespace that holds nothing else. */
export function makeNetlinkNet(): NetlinkNet {
  return new NetlinkNet({} as Net);
}

export function open(nlnet: NetlinkNet, protocol: number, opts: NetlinkPortOptions = {}): NetlinkPort {
  const port = netlinkOpen(nlnet, protocol, opts);
  if (typeof port === 'number') throw new Error(`netlinkOpen: ${port}`);
  return port;
}

export function makeProto(unit: number, cfg: NetlinkKernelCfg = {}): NetlinkNet {
  const nlnet = makeNetlinkNet();
  nlnet.kernelCreate(unit, cfg);
  return nlnet;
}

export function setOptions(port: NetlinkPort, options: Exchange['options']): void {
  if (options.cap) port.setsockopt(NETLINK_CAP_ACK, 1);
  if (options.ext) port.setsockopt(NETLINK_EXT_ACK, 1);
  if (options.strict) port.setsockopt(NETLINK_GET_STRICT_CHK, 1);
}

/** Everything in the receive queue; an error as its number. */
export function drain(port: NetlinkPort, size?: number): (Uint8Array | number)[] {
  const out: (Uint8Array | number)[] = [];
  for (;;) {
    const d = port.recvmsg(size);
    if (d === -11) return out;
    out.push(typeof d === 'number' ? d : d.data);
  }
}

/** One message with the attributes that `fill` writes. */
export function message(type: number, flags: number, header: number | NlStruct = 0, fill: (b: NlMsgBuilder) => void = () => {}, seq = 1): Uint8Array {
  const b = new NlMsgBuilder();
  const nlh = b.nlmsgPut(type, flags, seq, 0, header);
  fill(b);
  b.nlmsgEnd(nlh);
  return b.bytes();
}
