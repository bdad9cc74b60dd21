/** Offload features (`NETIF_F_*`, low word), by the kernel's bit numbers. */
export const NETIF_F_SG: number = 1 << 0;
export const NETIF_F_IP_CSUM: number = 1 << 1;
export const NETIF_F_HW_CSUM: number = 1 << 3;
export const NETIF_F_IPV6_CSUM: number = 1 << 4;
export const NETIF_F_HIGHDMA: number = 1 << 5;
export const NETIF_F_FRAGLIST: number = 1 << 6;
export const NETIF_F_HW_VLAN_CTAG_TX: number = 1 << 7;
export const NETIF_F_HW_VLAN_CTAG_RX: number = 1 << 8;
export const NETIF_F_HW_VLAN_CTAG_FILTER: number = 1 << 9;
export const NETIF_F_VLAN_CHALLENGED: number = 1 << 10;
export const NETIF_F_GSO: number = 1 << 11;
export const NETIF_F_GRO: number = 1 << 14;
export const NETIF_F_TSO: number = 1 << 16;
export const NETIF_F_TSO_ECN: number = 1 << 18;
export const NETIF_F_TSO_MANGLEID: number = 1 << 19;
export const NETIF_F_TSO6: number = 1 << 20;

export const NETIF_F_CSUM_MASK: number = NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM | NETIF_F_HW_CSUM;
export const NETIF_F_ALL_TSO: number = NETIF_F_TSO | NETIF_F_TSO6 | NETIF_F_TSO_ECN | NETIF_F_TSO_MANGLEID;
