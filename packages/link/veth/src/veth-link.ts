/** `ip link add NAME type veth peer name PEER`, and the same without netlink. */
import {
  isValidEtherAddr,
  type Net,
  type NetDevice,
  type NewlinkParams,
  type NlaRange,
  type RtnlLinkOps,
  unregisterNetdevice,
} from '@skbuff/core';
import { ethValidateLink } from '@skbuff/ethernet';
import { nlaFindLast, nlaGetU32, nlaLen } from '@skbuff/netlink';
import { EADDRNOTAVAIL, EINVAL, EOPNOTSUPP, ETH_ALEN, ETH_MAX_MTU, ETH_MIN_MTU, IFLA_MTU, IFLA_NUM_RX_QUEUES, IFLA_NUM_TX_QUEUES, NLA_HDRLEN, VETH_INFO_PEER } from '@skbuff/uapi';
import { vethAlloc, type VethCreateOptions, vethGetNumQueues, vethInitQueues, type VethPair, vethPeer, vethRegister, vethRegisterPair, vethSetup, vethUnpair } from './veth.ts';

/** `veth_validate`. */
function vethValidate(params: NewlinkParams): number {
  const err = ethValidateLink(params);
  if (err !== 0 || params.tb === null) return err;
  const { tb } = params;
  const attr = nlaFindLast(tb.bytes, tb.off, tb.len, IFLA_MTU);
  return attr < 0 || validMtu(nlaGetU32(tb.bytes, attr)) ? 0 : -EINVAL;
}

function validMtu(mtu: number): boolean {
  return mtu >= ETH_MIN_MTU && mtu <= ETH_MAX_MTU;
}

/**
 * `veth_newlink`. The peer is made, registered and configured by `createPeer` from VETH_INFO_PEER before `dev` is registered, so it
 * has the lower index and cannot be brought up by the same message (-ENOTCONN).
 */
function vethNewlink(dev: NetDevice, params: NewlinkParams): number {
  if (params.createPeer === null) return -EOPNOTSUPP;
  const peer = params.createPeer(vethLinkOps, peerInfo(params.data), 'veth%d');
  if (typeof peer === 'number') return peer;
  const err = vethRegister(dev, peer);
  if (err !== 0) unregisterNetdevice(peer);
  else for (const end of [dev, peer]) vethInitQueues(end, asked(params.tb, IFLA_NUM_TX_QUEUES), asked(params.tb, IFLA_NUM_RX_QUEUES));
  return err;
}

function asked(tb: NlaRange | null, type: number): boolean {
  return tb !== null && nlaFindLast(tb.bytes, tb.off, tb.len, type) >= 0;
}

/** The message about the peer: `struct ifinfomsg`, then attributes. Null: the user said nothing about it. */
function peerInfo(data: NlaRange | null): NlaRange | null {
  if (data === null) return null;
  const attr = nlaFindLast(data.bytes, data.off, data.len, VETH_INFO_PEER);
  return attr < 0 ? null : { bytes: data.bytes, off: attr + NLA_HDRLEN, len: nlaLen(data.bytes, attr) };
}

/** `veth_dellink`: one end takes the other along. */
function vethDellink(dev: NetDevice, queue: NetDevice[]): void {
  const peer = vethPeer(dev);
  vethUnpair(dev);
  queue.push(dev);
  if (peer !== null) queue.push(peer);
}

export const vethLinkOps: RtnlLinkOps = {
  kind: 'veth',
  setup: vethSetup,
  validate: vethValidate,
  newlink: vethNewlink,
  changelink: null,
  dellink: vethDellink,
  getNumQueues: vethGetNumQueues,
  fillInfo: null,
  peerType: VETH_INFO_PEER,
  getLinkNet: (dev) => (vethPeer(dev) ?? dev).net,
};

/**
 * Makes a pair without netlink: `nameA` in `netA`, `nameB` in `netB`, both down, as `ip link add nameA type veth peer name nameB`
 * does. Names may be patterns (`veth%d`). The negative errno otherwise, with nothing made: -EEXIST (a name is taken), -EINVAL (a
 * name, the MTU or the length of an address is bad, or the namespaces belong to two kernels), -EADDRNOTAVAIL (a zero or multicast
 * address).
 */
export function vethCreate(netA: Net, nameA: string, netB: Net, nameB: string, options: VethCreateOptions = {}): VethPair | number {
  const { address, peerAddress, mtu } = options;
  if (netA.kernel !== netB.kernel || (mtu !== undefined && !validMtu(mtu))) return -EINVAL;
  const bad = badAddress(address) || badAddress(peerAddress);
  if (bad !== 0) return bad;
  const dev = vethAlloc(netA, nameA, vethLinkOps, address, mtu);
  const peer = vethAlloc(netB, nameB, vethLinkOps, peerAddress, mtu);
  const err = vethRegisterPair(dev, peer);
  return err === 0 ? { dev, peer } : err;
}

function badAddress(address: Uint8Array | undefined): number {
  if (address === undefined) return 0;
  if (address.length !== ETH_ALEN) return -EINVAL;
  return isValidEtherAddr(address) ? 0 : -EADDRNOTAVAIL;
}
