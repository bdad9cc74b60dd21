/** Type of service and packet priority (`ip_tos2prio`). */
const IP_TOS2PRIO: Uint8Array = Uint8Array.of(0, 0, 0, 0, 2, 2, 2, 2, 6, 6, 6, 6, 4, 4, 4, 4);

/** `rt_tos2priority`: the priority of a packet with this TOS byte. */
export function rtTos2Priority(tos: number): number {
  return IP_TOS2PRIO[(tos & 0x1e) >> 1];
}
