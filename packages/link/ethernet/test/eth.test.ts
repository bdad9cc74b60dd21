import {
  createKernel,
  devOpen,
  devSetMacAddress,
  freeNetdev,
  type Kernel,
  type NetDevice,
  NETDEV_CHANGEADDR,
  NETDEV_TX_OK,
  netdevOpsDefaults,
  type NetdevNotifierInfo,
  NETREG_UNINITIALIZED,
  type NotifierBlock,
  registerNetdevice,
  type SkBuff,
  unregisterNetdevice,
  VirtualClock,
  ethMacAddr,
  isBroadcastEtherAddr,
  isMulticastEtherAddr,
  isValidEtherAddr,
  isZeroEtherAddr,
} from '@skbuff/core';
import {
  ARPHRD_ETHER,
  EADDRNOTAVAIL,
  EBUSY,
  EINVAL,
  ETH_P_802_2,
  ETH_P_802_3,
  ETH_P_IP,
  ETH_P_IPV6,
  IFF_BROADCAST,
  IFF_LOOPBACK,
  IFF_MULTICAST,
  IFF_NOARP,
  NET_ADDR_RANDOM,
  NET_ADDR_SET,
  PACKET_BROADCAST,
  PACKET_HOST,
  PACKET_MULTICAST,
  PACKET_OTHERHOST,
} from '@skbuff/uapi';
import { formatMac, parseMac } from '@skbuff/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allocEtherdev, allocEtherdevMqs, ethHeaderOps, ethHwAddrRandom, ethTypeTrans, ethTypeTransChecked, ethValidateAddr } from '../src/index.ts';

const OWN = mac('02:00:00:00:00:01');
const OTHER = mac('02:00:00:00:00:02');

const ops = {
  ...netdevOpsDefaults,
  ndoStartXmit(skb: SkBuff): number {
    skb.consume();
    return NETDEV_TX_OK;
  },
  ndoValidateAddr: ethValidateAddr,
  ndoSetMacAddress: ethMacAddr,
};

let kernel: Kernel;
let dev: NetDevice;

function mac(text: string): Uint8Array {
  return parseMac(text) as Uint8Array;
}

/** A frame as a driver has it: `data` at the header. */
function frame(dest: string, type: number, payload: readonly number[] = [1, 2, 3, 4]): SkBuff {
  const skb = kernel.skbs.allocRx(dev, 64) as SkBuff;
  const bytes = Uint8Array.from([...mac(dest), ...OTHER, type >> 8, type & 0xff, ...payload]);
  skb.putData(bytes, 0, bytes.length);
  return skb;
}

function bytesOf(skb: SkBuff): number[] {
  return [...skb.bytes.slice(skb.data, skb.tail)];
}

beforeEach(() => {
  kernel = createKernel({ clock: new VirtualClock(), debug: true });
  dev = allocEtherdev(kernel.initNet, { ops });
  dev.devAddr.set(OWN);
});

afterEach(() => {
  if (dev.regState === NETREG_UNINITIALIZED) freeNetdev(dev);
  expect(kernel.shutdown()).toEqual({});
});

describe('alloc_etherdev and ether_setup', () => {
  it('gives the defaults of every Ethernet device [REG-03]', () => {
    const { type, hardHeaderLen, mtu, minMtu, maxMtu, addrLen, txQueueLen } = dev;
    expect([type, hardHeaderLen, mtu, minMtu, maxMtu, addrLen, txQueueLen]).toEqual([ARPHRD_ETHER, 14, 1500, 68, 1500, 6, 1000]);
    expect(dev.flags).toBe(IFF_BROADCAST | IFF_MULTICAST);
    expect(dev.headerOps === ethHeaderOps).toBe(true);
  });

  it('makes one queue each way, or as many as asked for, and does not register [REG-02]', () => {
    expect([dev.numTxQueues, dev.numRxQueues, dev.regState]).toEqual([1, 1, NETREG_UNINITIALIZED]);
    const mq = allocEtherdevMqs(kernel.initNet, { name: 'mq', ops, txqs: 4, rxqs: 2 });
    expect([mq.numTxQueues, mq.realNumTxQueues, mq.tx.length, mq.numRxQueues]).toEqual([4, 4, 4, 2]);
    freeNetdev(mq);
  });

  it('is named eth0 on registration when nobody says otherwise [REG-02]', () => {
    expect(registerNetdevice(dev)).toBe(0);
    expect(dev.name).toBe('eth0');
    unregisterNetdevice(dev);
  });

  it('broadcasts to six bytes of ones [DEV-16]', () => {
    expect(formatMac(dev.broadcast)).toBe('ff:ff:ff:ff:ff:ff');
    expect(dev.broadcast[6]).toBe(0);
  });
});

describe('addresses', () => {
  it.each([
    ['00:00:00:00:00:00', { zero: true, multicast: false, valid: false }],
    ['01:00:5e:00:00:01', { zero: false, multicast: true, valid: false }],
    ['ff:ff:ff:ff:ff:ff', { zero: false, multicast: true, valid: false }],
    ['02:00:00:00:00:01', { zero: false, multicast: false, valid: true }],
  ])('%s is classified by its bits [DEV-15]', (text, want) => {
    const a = mac(text);
    expect({ zero: isZeroEtherAddr(a), multicast: isMulticastEtherAddr(a), valid: isValidEtherAddr(a) }).toEqual(want);
    expect(isBroadcastEtherAddr(a)).toBe(text.startsWith('ff'));
  });

  it('draws random addresses that are local and unicast, and says so [DEV-15]', () => {
    for (let i = 0; i < 100; i++) {
      ethHwAddrRandom(dev);
      expect(dev.devAddr[0] & 3).toBe(2);
    }
    expect(dev.addrAssignType).toBe(NET_ADDR_RANDOM);
  });

  it('draws the same addresses from the same seed', () => {
    const draw = (seed: number): string => {
      const k = createKernel({ clock: new VirtualClock(), seed });
      const d = allocEtherdev(k.initNet, { ops });
      ethHwAddrRandom(d);
      freeNetdev(d);
      k.shutdown();
      return formatMac(d.devAddr);
    };
    expect(draw(7)).toBe(draw(7));
    expect(draw(7)).not.toBe(draw(8));
  });

  it.each([['00:00:00:00:00:00'], ['01:00:5e:00:00:01'], ['ff:ff:ff:ff:ff:ff']])('does not come up with address %s [NDO-04]', (text) => {
    dev.devAddr.set(mac(text));
    registerNetdevice(dev);
    expect(ethValidateAddr(dev)).toBe(-EADDRNOTAVAIL);
    expect(devOpen(dev)).toBe(-EADDRNOTAVAIL);
    expect(dev.running()).toBe(false);
    dev.devAddr.set(OWN);
    expect(devOpen(dev)).toBe(0);
    unregisterNetdevice(dev);
  });

  it('changes its address only while it is down, and tells [NDO-05]', () => {
    registerNetdevice(dev);
    const heard: string[] = [];
    const nb: NotifierBlock<NetdevNotifierInfo> = {
      notifierCall: (_nb, event, info) => {
        if (event === NETDEV_CHANGEADDR) heard.push(formatMac(info.dev.devAddr));
        return 0;
      },
    };
    kernel.netdevChain.register(nb);
    devOpen(dev);
    expect(devSetMacAddress(dev, OTHER)).toBe(-EBUSY);
    unregisterNetdevice(dev);
    dev = allocEtherdev(kernel.initNet, { ops });
    dev.devAddr.set(OWN);
    registerNetdevice(dev);
    expect(devSetMacAddress(dev, mac('03:00:00:00:00:00'))).toBe(-EADDRNOTAVAIL);
    expect(devSetMacAddress(dev, OTHER)).toBe(0);
    expect([formatMac(dev.devAddr), dev.addrAssignType, heard]).toEqual(['02:00:00:00:00:02', NET_ADDR_SET, ['02:00:00:00:00:02']]);
    kernel.netdevChain.unregister(nb);
    unregisterNetdevice(dev);
  });
});

describe('eth_header', () => {
  const packet = (): SkBuff => {
    const skb = kernel.skbs.alloc(128) as SkBuff;
    skb.reserve(32);
    skb.bytes.fill(0xa5, skb.put(4) - 14, skb.tail);
    return skb;
  };

  it('pushes destination, source and type [HDR-01]', () => {
    const skb = packet();
    expect(ethHeaderOps.create(skb, dev, ETH_P_IP, OTHER, null, 4)).toBe(14);
    expect(bytesOf(skb)).toEqual([...OTHER, ...OWN, 0x08, 0x00, 0xa5, 0xa5, 0xa5, 0xa5]);
    skb.consume();
  });

  it('takes the source it is given, and writes the length for 802.3 [HDR-01]', () => {
    const skb = packet();
    expect(ethHeaderOps.create(skb, dev, ETH_P_802_3, OTHER, mac('02:00:00:00:00:09'), 4)).toBe(14);
    expect(bytesOf(skb).slice(6, 14)).toEqual([2, 0, 0, 0, 0, 9, 0, 4]);
    skb.consume();
  });

  it('gives -14 while the destination is missing, the rest being written [HDR-01]', () => {
    const skb = packet();
    expect(ethHeaderOps.create(skb, dev, ETH_P_IPV6, null, null, 4)).toBe(-14);
    expect(skb.len).toBe(18);
    expect(bytesOf(skb).slice(6, 14)).toEqual([...OWN, 0x86, 0xdd]);
    skb.consume();
  });

  it.each([
    ['LOOPBACK', IFF_LOOPBACK],
    ['NOARP', IFF_NOARP],
  ])('writes zeros for a missing destination on a %s device [HDR-01]', (_name, flag) => {
    dev.flags |= flag;
    const skb = packet();
    expect(ethHeaderOps.create(skb, dev, ETH_P_IP, null, null, 4)).toBe(14);
    expect(bytesOf(skb).slice(0, 6)).toEqual([0, 0, 0, 0, 0, 0]);
    skb.consume();
  });

  it('parses the six bytes of the sender and the type [HDR-01]', () => {
    const skb = frame('02:00:00:00:00:01', ETH_P_IP);
    ethTypeTrans(skb, dev);
    const haddr = new Uint8Array(8).fill(0xee);
    expect(ethHeaderOps.parse(skb, haddr)).toBe(6);
    expect([...haddr]).toEqual([...OTHER, 0xee, 0xee]);
    expect(ethHeaderOps.parseProtocol?.(skb)).toBe(ETH_P_IP);
    skb.consume();
  });
});

describe('the header cache of a neighbour', () => {
  it('holds the header behind two bytes, ready to be copied in one go [HDR-02]', () => {
    const hh = new Uint8Array(16);
    expect(ethHeaderOps.cache?.(hh, dev, ETH_P_IP, OTHER)).toBe(0);
    expect([...hh]).toEqual([0, 0, ...OTHER, ...OWN, 8, 0]);
  });

  it('is rewritten when the address changes, the rest staying [HDR-02]', () => {
    const hh = new Uint8Array(16);
    ethHeaderOps.cache?.(hh, dev, ETH_P_IPV6, OTHER);
    ethHeaderOps.cacheUpdate?.(hh, dev, mac('02:00:00:00:00:03'));
    expect([...hh]).toEqual([0, 0, 2, 0, 0, 0, 0, 3, ...OWN, 0x86, 0xdd]);
  });

  it('refuses 802.3, whose header holds the length of one packet [HDR-02]', () => {
    expect(ethHeaderOps.cache?.(new Uint8Array(16), dev, ETH_P_802_3, OTHER)).toBe(-1);
  });
});

describe('eth_type_trans', () => {
  it.each([
    ['ff:ff:ff:ff:ff:ff', PACKET_BROADCAST],
    ['01:00:5e:00:00:01', PACKET_MULTICAST],
    ['ff:ff:ff:ff:ff:fe', PACKET_MULTICAST],
    ['02:00:00:00:00:01', PACKET_HOST],
    ['02:00:00:00:00:02', PACKET_OTHERHOST],
    ['02:00:00:00:01:01', PACKET_OTHERHOST],
  ])('classifies a frame to %s [SKB-17] [SKI-06]', (dest, want) => {
    const skb = frame(dest, ETH_P_IP);
    ethTypeTrans(skb, dev);
    expect(skb.pktType).toBe(want);
    skb.consume();
  });

  it('sets dev and mac_header, pulls 14 bytes and returns the type [RX-08] [SKI-07]', () => {
    const skb = frame('02:00:00:00:00:01', ETH_P_IPV6);
    const start = skb.data;
    skb.dev = null;
    expect(ethTypeTrans(skb, dev)).toBe(ETH_P_IPV6);
    expect([skb.dev === dev, skb.macHeader, skb.data, skb.len]).toEqual([true, start, start + 14, 4]);
    skb.consume();
  });

  it.each([
    ['0x0600 is the first type', 0x0600, [1, 2], 0x0600],
    ['0x05ff is a length: 802.2', 0x05ff, [0xaa, 0xaa], ETH_P_802_2],
    ['payload 0xffff: Novell 802.3', 4, [0xff, 0xff, 0, 0], ETH_P_802_3],
    ['one byte of payload', 1, [0xff], ETH_P_802_2],
    ['no payload', 0, [], ETH_P_802_2],
  ])('%s [RX-08]', (_name, type, payload, want) => {
    const skb = frame('02:00:00:00:00:01', type, payload);
    expect(ethTypeTrans(skb, dev)).toBe(want);
    expect(skb.len).toBe(payload.length);
    skb.consume();
  });

  it('refuses, checked, a frame of any length below 14 and leaves it alone', () => {
    for (let n = 0; n <= 14; n++) {
      const skb = frame('02:00:00:00:00:01', ETH_P_IP);
      skb.trim(n);
      expect(ethTypeTransChecked(skb, dev)).toBe(n < 14 ? -EINVAL : ETH_P_IP);
      expect(skb.len).toBe(n < 14 ? n : 0);
      skb.consume();
    }
  });
});
