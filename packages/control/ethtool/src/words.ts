/** Structures that are 32-bit words behind the command, the same to read and to write. */
import type { EthtoolOps, EthtoolWords, NetDevice } from '@skbuff/core';
import * as U from '@skbuff/uapi';
import { le32, setLe32 } from '@skbuff/wire';

type Answer = (dev: NetDevice, data: Uint8Array) => number;

/** Bytes of a SecureOn password behind `struct ethtool_wolinfo`'s words. */
const SOPASS_LEN = 6;

function get(member: (ops: EthtoolOps) => EthtoolWords | undefined, count: number, behind = 0): Answer {
  return (dev, data) => {
    const read = member(dev.ethtoolOps);
    if (read === undefined) return -U.EOPNOTSUPP;
    if (data.length < 4 + count * 4 + behind) return -U.EFAULT;
    const words = new Uint32Array(count);
    const err = read(dev, words);
    if (err === 0) words.forEach((word, i) => setLe32(data, 4 + i * 4, word));
    return err;
  };
}

function set(member: (ops: EthtoolOps) => EthtoolWords | undefined, count: number, check: ((dev: NetDevice, words: Uint32Array) => number) | null = null): Answer {
  return (dev, data) => {
    const write = member(dev.ethtoolOps);
    if (write === undefined) return -U.EOPNOTSUPP;
    if (data.length < 4 + count * 4) return -U.EFAULT;
    const words = Uint32Array.from({ length: count }, (_, i) => le32(data, 4 + i * 4));
    const err = check?.(dev, words) ?? 0;
    return err !== 0 ? err : write(dev, words);
  };
}

/** No value beyond its maximum, and something left to send and to receive with. */
function checkChannels(dev: NetDevice, words: Uint32Array): number {
  const max = new Uint32Array(8);
  dev.ethtoolOps.getChannels?.(dev, max);
  for (let i = 0; i < 4; i++) if ((words[4 + i] as number) > (max[i] as number)) return -U.EINVAL;
  const [, , , , rx, tx, , combined] = words;
  return combined === 0 && (rx === 0 || tx === 0) ? -U.EINVAL : 0;
}

function checkRings(dev: NetDevice, words: Uint32Array): number {
  const max = new Uint32Array(8);
  dev.ethtoolOps.getRingparam?.(dev, max);
  for (let i = 0; i < 4; i++) if ((words[4 + i] as number) > (max[i] as number)) return -U.EINVAL;
  return 0;
}

export const WORDS_GET: Readonly<Record<number, Answer>> = {
  [U.ETHTOOL_GWOL]: get((ops) => ops.getWol, 2, SOPASS_LEN),
  [U.ETHTOOL_GCOALESCE]: get((ops) => ops.getCoalesce, 22),
  [U.ETHTOOL_GRINGPARAM]: get((ops) => ops.getRingparam, 8),
  [U.ETHTOOL_GPAUSEPARAM]: get((ops) => ops.getPauseparam, 3),
  [U.ETHTOOL_GCHANNELS]: get((ops) => ops.getChannels, 8),
  [U.ETHTOOL_GEEE]: get((ops) => ops.getEee, 7),
};

export const WORDS_SET: Readonly<Record<number, Answer>> = {
  [U.ETHTOOL_SWOL]: set((ops) => ops.setWol, 2),
  [U.ETHTOOL_SCOALESCE]: set((ops) => ops.setCoalesce, 22),
  [U.ETHTOOL_SRINGPARAM]: set((ops) => ops.setRingparam, 8, checkRings),
  [U.ETHTOOL_SPAUSEPARAM]: set((ops) => ops.setPauseparam, 3),
  [U.ETHTOOL_SCHANNELS]: set((ops) => ops.setChannels, 8, checkChannels),
  [U.ETHTOOL_SEEE]: set((ops) => ops.setEee, 7),
};

export function setWords(dev: NetDevice, cmd: number, data: Uint8Array): number {
  return WORDS_SET[cmd]?.(dev, data) ?? -U.EOPNOTSUPP;
}
