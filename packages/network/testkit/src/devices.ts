/** Devices without a wire: the test sees what they send, and says what they receive. */
import {
  NETDEV_TX_OK,
  type Net,
  type NetDevice,
  SKB_DROP_REASON_NOT_SPECIFIED,
  type SkBuff,
  netdevOpsDefaults,
  registerNetdevice,
} from '@skbuff/core';
import { allocEtherdev, ethTypeTransChecked } from '@skbuff/ethernet';

/** An IP packet that was sent, and the name of the device. */
export interface Sent {
  readonly dev: string;
  readonly ip: Uint8Array;
}

/** All the bytes of a packet, copied. */
export function bytesOf(skb: SkBuff): Uint8Array {
  const bytes = new Uint8Array(skb.len);
  skb.copyBits(0, bytes, 0, skb.len);
  return bytes;
}

/**
 * An Ethernet device that hands its frames to `onFrame`; registered and down. Its address is 02:00:00:00:00 and the last letter of
 * its name; `setup` may change that and more before it is registered.
 */
export function testDevice(net: Net, name: string, onFrame: (frame: Uint8Array, dev: NetDevice) => void, setup: (dev: NetDevice) => void = () => {}): NetDevice {
  const ndoStartXmit = (skb: SkBuff, to: NetDevice): number => {
    onFrame(bytesOf(skb), to);
    skb.consume();
    return NETDEV_TX_OK;
  };
  const dev = allocEtherdev(net, { name, ops: { ...netdevOpsDefaults, ndoStartXmit } });
  dev.devAddr.set([2, 0, 0, 0, 0, name.charCodeAt(name.length - 1)]);
  setup(dev);
  const err = registerNetdevice(dev);
  if (err !== 0) throw new Error(`${name}: ${err}`);
  return dev;
}

/** A frame comes in by a device, as if its wire had brought it. `prepare`: what the device did to the packet besides. */
export function receiveFrame(dev: NetDevice, frame: Uint8Array, prepare: (skb: SkBuff) => void = () => {}): void {
  const { skbs, softnet } = dev.net;
  const skb = skbs.allocRx(dev, frame.length) as SkBuff;
  skb.putData(frame, 0, frame.length);
  const type = ethTypeTransChecked(skb, dev);
  if (type < 0) return skb.kfree(SKB_DROP_REASON_NOT_SPECIFIED);
  skb.protocol = type;
  prepare(skb);
  softnet.netifRx(skb);
}
