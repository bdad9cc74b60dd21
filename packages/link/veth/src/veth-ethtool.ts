/** What a veth tells `ethtool` (`veth_ethtool_ops`). */
import {
  defaultEthtoolOps,
  type EthtoolOps,
  ethtoolOpGetLink,
  type NetDevice,
  netifSetRealNumRxQueues,
  netifSetRealNumTxQueues,
} from '@skbuff/core';
import { DUPLEX_FULL, SOF_TIMESTAMPING_TX_SOFTWARE, SPEED_10000 } from '@skbuff/uapi';

const RQ_STATS = ['xdp_packets', 'xdp_bytes', 'drops', 'xdp_redirect', 'xdp_drops', 'xdp_tx', 'xdp_tx_errors'];
const TQ_STATS = ['xdp_xmit', 'xdp_xmit_errors'];

/** `veth_get_strings`: the peer's index, then counters for each queue in use. */
function vethGetStrings(dev: NetDevice): readonly string[] {
  const names = ['peer_ifindex'];
  for (let q = 0; q < dev.realNumRxQueues; q++) names.push(...RQ_STATS.map((name) => `rx_queue_${q}_${name}`));
  for (let q = 0; q < dev.realNumTxQueues; q++) names.push(...TQ_STATS.map((name) => `tx_queue_${q}_${name}`));
  return names;
}

/** `veth_get_ethtool_stats`. All but the first count what XDP did; no program can be attached here. */
function vethGetEthtoolStats(dev: NetDevice): readonly number[] {
  const values = vethGetStrings(dev).map(() => 0);
  values[0] = dev.ops.ndoGetIflink?.(dev) ?? 0;
  return values;
}

/** `veth_get_channels`. */
function vethGetChannels(dev: NetDevice, words: Uint32Array): number {
  words.set([dev.numRxQueues, dev.numTxQueues, 0, 0, dev.realNumRxQueues, dev.realNumTxQueues, 0, 0]);
  return 0;
}

/** `veth_set_channels`. */
function vethSetChannels(dev: NetDevice, words: Uint32Array): number {
  const err = netifSetRealNumRxQueues(dev, words[4] as number);
  return err !== 0 ? err : netifSetRealNumTxQueues(dev, words[5] as number);
}

export const vethEthtoolOps: EthtoolOps = {
  ...defaultEthtoolOps,
  getDrvinfo: () => ({ driver: 'veth', version: '1.0' }),
  getLink: ethtoolOpGetLink,
  // Port and transceiver are what 0 says: twisted pair, internal.
  getLinkKsettings: () => ({ speed: SPEED_10000, duplex: DUPLEX_FULL }),
  getStatsStrings: vethGetStrings,
  getEthtoolStats: vethGetEthtoolStats,
  getChannels: vethGetChannels,
  setChannels: vethSetChannels,
  getTsInfo: () => SOF_TIMESTAMPING_TX_SOFTWARE,
};
