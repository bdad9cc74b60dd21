/** Packet sockets (uapi `linux/if_packet.h`, `linux/virtio_net.h`); PACKET_HOST and its like are in `if.ts`. */

/** Options of SOL_PACKET. */
export const PACKET_ADD_MEMBERSHIP = 1;
export const PACKET_DROP_MEMBERSHIP = 2;
export const PACKET_RECV_OUTPUT = 3;
export const PACKET_RX_RING = 5;
export const PACKET_STATISTICS = 6;
export const PACKET_COPY_THRESH = 7;
export const PACKET_AUXDATA = 8;
export const PACKET_ORIGDEV = 9;
export const PACKET_VERSION = 10;
export const PACKET_HDRLEN = 11;
export const PACKET_RESERVE = 12;
export const PACKET_TX_RING = 13;
export const PACKET_LOSS = 14;
export const PACKET_VNET_HDR = 15;
export const PACKET_TX_TIMESTAMP = 16;
export const PACKET_TIMESTAMP = 17;
export const PACKET_FANOUT = 18;
export const PACKET_TX_HAS_OFF = 19;
export const PACKET_QDISC_BYPASS = 20;
export const PACKET_ROLLOVER_STATS = 21;
export const PACKET_FANOUT_DATA = 22;
export const PACKET_IGNORE_OUTGOING = 23;
export const PACKET_VNET_HDR_SZ = 24;

export const PACKET_FANOUT_HASH = 0;
export const PACKET_FANOUT_LB = 1;
export const PACKET_FANOUT_CPU = 2;
export const PACKET_FANOUT_ROLLOVER = 3;
export const PACKET_FANOUT_RND = 4;
export const PACKET_FANOUT_QM = 5;
export const PACKET_FANOUT_CBPF = 6;
export const PACKET_FANOUT_EBPF = 7;
export const PACKET_FANOUT_FLAG_ROLLOVER = 0x1000;
export const PACKET_FANOUT_FLAG_UNIQUEID = 0x2000;
export const PACKET_FANOUT_FLAG_IGNORE_OUTGOING = 0x4000;
export const PACKET_FANOUT_FLAG_DEFRAG = 0x8000;

/** `struct packet_mreq`. */
export const PACKET_MR_MULTICAST = 0;
export const PACKET_MR_PROMISC = 1;
export const PACKET_MR_ALLMULTI = 2;
export const PACKET_MR_UNICAST = 3;

/** `tp_status` of PACKET_AUXDATA. */
export const TP_STATUS_USER: number = 1 << 0;
export const TP_STATUS_COPY: number = 1 << 1;
export const TP_STATUS_LOSING: number = 1 << 2;
export const TP_STATUS_CSUMNOTREADY: number = 1 << 3;
export const TP_STATUS_VLAN_VALID: number = 1 << 4;
export const TP_STATUS_BLK_TMO: number = 1 << 5;
export const TP_STATUS_VLAN_TPID_VALID: number = 1 << 6;
export const TP_STATUS_CSUM_VALID: number = 1 << 7;
export const TP_STATUS_GSO_TCP: number = 1 << 8;

export const TPACKET_V1 = 0;
export const TPACKET_V2 = 1;
export const TPACKET_V3 = 2;

/** `struct virtio_net_hdr`: flags and kinds of super-packets. */
export const VIRTIO_NET_HDR_F_NEEDS_CSUM = 1;
export const VIRTIO_NET_HDR_F_DATA_VALID = 2;
export const VIRTIO_NET_HDR_GSO_NONE = 0;
export const VIRTIO_NET_HDR_GSO_TCPV4 = 1;
export const VIRTIO_NET_HDR_GSO_UDP = 3;
export const VIRTIO_NET_HDR_GSO_TCPV6 = 4;
export const VIRTIO_NET_HDR_GSO_UDP_L4 = 5;
export const VIRTIO_NET_HDR_GSO_ECN = 0x80;
