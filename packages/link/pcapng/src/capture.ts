/**
 * Captures what devices send and receive. Each frame is written once per device that it passes, marked with its direction, as it is on
 * the wire: with its VLAN tag, and with its checksum done even where the stack left it to a device that never needs it. The packet
 * itself is not touched. A super-packet is written whole.
 */
import { CHECKSUM_PARTIAL, type NetDevice, type PacketType, skbMacHeaderWasSet, type SkBuff, skbChecksum } from '@skbuff/core';
import { ARPHRD_ETHER, ARPHRD_LOOPBACK, ETH_ALEN, ETH_P_ALL, IFF_LOOPBACK, PACKET_OUTGOING } from '@skbuff/uapi';
import { copyBytes, csumFold, setBe16 } from '@skbuff/wire';
import { EPB_INBOUND, EPB_OUTBOUND, LINKTYPE_ETHERNET, LINKTYPE_RAW, type PcapngWriter } from './pcapng-writer.ts';

/** Bytes of a tag, and where it belongs: behind the two addresses. */
const VLAN_HLEN = 4;
const VLAN_AT = 2 * ETH_ALEN;

export interface CaptureOptions {
  /** Bytes of each frame that are kept; default 262144, as tcpdump(8) has it. */
  readonly snaplen?: number;
  /** Writes a comment to a packet, or nothing. */
  readonly comment?: (skb: SkBuff, dev: NetDevice) => string | undefined;
}

/**
 * Captures the devices until the returned function is called. Each becomes an interface of the file, in this order, under its name.
 */
export function attachCapture(devs: readonly NetDevice[], writer: PcapngWriter, options: CaptureOptions = {}): () => void {
  const snaplen = options.snaplen ?? 262144;
  const room = new FrameRoom();
  const stops = devs.map((dev) => {
    const linkType = dev.type === ARPHRD_ETHER || dev.type === ARPHRD_LOOPBACK ? LINKTYPE_ETHERNET : LINKTYPE_RAW;
    const interfaceId = writer.addInterface({ name: dev.name, linkType, snaplen });
    const { clock } = dev.net.kernel;
    const epoch = BigInt(clock.epoch);
    return tap(dev, (skb) => {
      const comment = options.comment?.(skb, dev);
      const frame = room.copy(skb);
      writer.writePacket({
        interfaceId,
        time: epoch + BigInt(Math.floor(clock.now())),
        bytes: frame.length > snaplen ? frame.subarray(0, snaplen) : frame,
        originalLength: frame.length,
        direction: skb.pktType === PACKET_OUTGOING ? EPB_OUTBOUND : EPB_INBOUND,
        ...(comment === undefined ? {} : { comment }),
      });
    });
  });
  return () => {
    for (const stop of stops) stop();
  };
}

function tap(dev: NetDevice, see: (skb: SkBuff) => void): () => void {
  const type: PacketType = {
    type: ETH_P_ALL,
    dev,
    net: null,
    // What is sent on lo is received on it at once: one of the two, as tcpdump(8) does.
    ignoreOutgoing: (dev.flags & IFF_LOOPBACK) !== 0,
    listFunc: null,
    func: (skb) => {
      see(skb);
      skb.consume();
      return 0;
    },
  };
  const { softnet } = dev.net;
  softnet.addPack(type);
  return () => softnet.removePack(type);
}

/** Room for one frame, used for each that is captured: to make a buffer for each costs more than to fill it. */
class FrameRoom {
  private bytes: Uint8Array = new Uint8Array(2048);

  /** A copy of the frame from its link-layer header on, valid until the next one. On receive `data` is behind that header already. */
  copy(skb: SkBuff): Uint8Array {
    const header = skbMacHeaderWasSet(skb) ? skb.data - skb.macHeader : 0;
    const length = header + skb.len;
    const frame = this.room(length + VLAN_HLEN);
    copyBytes(frame, 0, skb.bytes, skb.data - header, header);
    skb.copyBits(0, frame, header, skb.len);
    if (skb.ipSummed === CHECKSUM_PARTIAL) finishChecksum(skb, frame, header, length);
    if (!skb.vlanPresent || length < VLAN_AT) return frame.subarray(0, length);
    insertTag(skb, frame, length);
    return frame.subarray(0, length + VLAN_HLEN);
  }

  private room(n: number): Uint8Array {
    if (n > this.bytes.length) this.bytes = new Uint8Array(2 * n);
    return this.bytes;
  }
}

/** `skb_checksum_help` on the copy. */
function finishChecksum(skb: SkBuff, frame: Uint8Array, header: number, length: number): void {
  const start = skb.csumStart - skb.data;
  const at = header + start + skb.csumOffset;
  if (start < 0 || start > skb.len || at + 2 > length) return;
  setBe16(frame, at, csumFold(skbChecksum(skb, start, skb.len - start, 0)) || 0xffff);
}

/** The tag that travels beside the packet. There is room behind it. */
function insertTag(skb: SkBuff, frame: Uint8Array, length: number): void {
  frame.copyWithin(VLAN_AT + VLAN_HLEN, VLAN_AT, length);
  setBe16(frame, VLAN_AT, skb.vlanProto);
  setBe16(frame, VLAN_AT + 2, skb.vlanTci);
}
