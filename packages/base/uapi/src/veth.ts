/** IFLA_INFO_DATA of kind "veth" (uapi `linux/veth.h`). */
export const VETH_INFO_UNSPEC = 0;
/** `struct ifinfomsg` and attributes of the other end. */
export const VETH_INFO_PEER = 1;
