/**
 * The one small interface between a kernel and whatever carries Ethernet frames outside: a TAP, a QEMU socket, a WebSocket, a
 * capture file.
 *
 *     stack → devQueueXmit → frameDeviceXmit → port.send(frame)
 *     port.onFrame(frame)  → frameDeviceRx   → netifRx → stack
 *
 * As a network card, the device lets in what is for it, for all, or for its groups; all of it while promiscuous.
 *
 * The port is trusted with nothing: what it delivers may be of any length, and what it throws is counted and logged.
 */
import {
  isValidEtherAddr,
  freeNetdev,
  IFF_LIVE_ADDR_CHANGE,
  type Net,
  NET_RX_SUCCESS,
  type NetDevice,
  type NetDeviceOps,
  NETDEV_TX_OK,
  netdevOpsDefaults,
  ethMacAddr,
  registerNetdevice,
  RX_BYTES,
  RX_DROPPED,
  RX_ERRORS,
  RX_LENGTH_ERRORS,
  RX_PACKETS,
  SKB_DROP_REASON_DEV_READY,
  SKB_DROP_REASON_SKB_GSO_SEG,
  type SkBuff,
  TX_BYTES,
  TX_ERRORS,
  TX_PACKETS,
} from '@skbuff/core';
import { allocEtherdev, ethHwAddrRandomIfUnset, ethRxFilter, ethTypeTrans, ethValidateAddr, VLAN_HLEN } from '@skbuff/ethernet';
import { EADDRNOTAVAIL, EINVAL, ETH_ALEN, ETH_DATA_LEN, ETH_HLEN, ETH_MAX_MTU, ETH_MIN_MTU } from '@skbuff/uapi';

/** What carries frames outside. Frames begin with the Ethernet header and have no checksum (FCS) at the end. */
export interface FramePort {
  /**
   * Takes a frame that leaves the kernel: complete, its checksums done, at most MTU and header long. The bytes are the kernel's own
   * memory and valid **during the call only**: copy what is kept.
   */
  send(frame: Uint8Array): void;
  /** The kernel's side, set while a device stands on the port: call it with each frame that arrives. The bytes are copied. */
  onFrame: ((frame: Uint8Array) => void) | null;
  /** The device is gone. */
  close(): void;
  /** The longest payload that the port carries, bytes; default 1500. */
  readonly mtu?: number;
}

export interface FrameDeviceOptions {
  /** Default `eth%d`: the lowest free number. */
  readonly name?: string;
  readonly port: FramePort;
  /** Six bytes; default: by chance. */
  readonly address?: Uint8Array;
}

/** `netdev_priv` of such a device. */
class FrameDevice {
  readonly port: FramePort;
  /** The last send threw: the log says so once, not for each packet. */
  failing = false;

  constructor(port: FramePort) {
    this.port = port;
  }
}

function frameDeviceXmit(skb: SkBuff, dev: NetDevice): number {
  const priv = dev.priv as FrameDevice;
  const { stats } = dev;
  if (skb.shinfo.gsoSize !== 0) {
    stats[TX_ERRORS]++;
    skb.kfree(SKB_DROP_REASON_SKB_GSO_SEG);
    return NETDEV_TX_OK;
  }
  try {
    priv.port.send(skb.bytes.subarray(skb.data, skb.tail));
  } catch (error) {
    portFailed(dev, priv, error);
    skb.kfree(SKB_DROP_REASON_DEV_READY);
    return NETDEV_TX_OK;
  }
  priv.failing = false;
  stats[TX_PACKETS]++;
  stats[TX_BYTES] += skb.len;
  skb.consume();
  return NETDEV_TX_OK;
}

function portFailed(dev: NetDevice, priv: FrameDevice, error: unknown): void {
  dev.stats[TX_ERRORS]++;
  if (!priv.failing) dev.net.kernel.log(`${dev.name}: port failed: ${String(error)}`);
  priv.failing = true;
}

function frameDeviceRx(dev: NetDevice, frame: Uint8Array): void {
  const { net, stats } = dev;
  const n = frame.length;
  if (n < ETH_HLEN || n > dev.mtu + ETH_HLEN + VLAN_HLEN) {
    stats[RX_LENGTH_ERRORS]++;
    stats[RX_ERRORS]++;
    return;
  }
  if (!ethRxFilter(dev, frame, 0)) return;
  const skb = dev.running() ? net.skbs.allocRx(dev, n) : null;
  if (skb === null) {
    stats[RX_DROPPED]++;
    return;
  }
  skb.putData(frame, 0, n);
  skb.protocol = ethTypeTrans(skb, dev);
  if (net.softnet.netifRx(skb) !== NET_RX_SUCCESS) return;
  stats[RX_PACKETS]++;
  stats[RX_BYTES] += n;
}

function frameDeviceUninit(dev: NetDevice): void {
  const priv = dev.priv as FrameDevice;
  priv.port.onFrame = null;
  try {
    priv.port.close();
  } catch (error) {
    dev.net.kernel.log(`${dev.name}: port failed to close: ${String(error)}`);
  }
}

/** No offloads: what the port cannot be asked to do, the stack has done before. */
const frameDeviceOps: NetDeviceOps = {
  ...netdevOpsDefaults,
  ndoInit: ethHwAddrRandomIfUnset,
  ndoUninit: frameDeviceUninit,
  ndoStartXmit: frameDeviceXmit,
  ndoSetMacAddress: ethMacAddr,
  ndoValidateAddr: ethValidateAddr,
};

/**
 * Makes an Ethernet device, down, that sends and receives through `port`. It counts as hardware: when its namespace dies it returns to
 * the initial one; `unregisterNetdevice` removes it and closes the port. The negative errno otherwise, the port untouched: -EEXIST
 * (the name is taken), -EINVAL (name, MTU or length of the address), -EADDRNOTAVAIL (a zero or multicast address).
 */
export function createFrameDevice(net: Net, options: FrameDeviceOptions): NetDevice | number {
  const { name = 'eth%d', port, address } = options;
  const mtu = port.mtu ?? ETH_DATA_LEN;
  if (mtu < ETH_MIN_MTU || mtu > ETH_MAX_MTU || (address !== undefined && address.length !== ETH_ALEN)) return -EINVAL;
  if (address !== undefined && !isValidEtherAddr(address)) return -EADDRNOTAVAIL;
  const dev = allocEtherdev(net, { name, ops: frameDeviceOps, priv: new FrameDevice(port) });
  if (address !== undefined) dev.devAddr.set(address);
  dev.mtu = mtu;
  dev.maxMtu = mtu;
  // Nothing outside knows the address: as a TAP's it may change at any time.
  dev.privFlags |= IFF_LIVE_ADDR_CHANGE;
  const err = registerNetdevice(dev);
  if (err !== 0) {
    freeNetdev(dev);
    return err;
  }
  port.onFrame = (frame) => frameDeviceRx(dev, frame);
  return dev;
}
