/** VLAN numbers that a device shall let in (`net/8021q/vlan_core.c`): counted, and told to devices that filter. */
import { EINVAL, ETH_P_8021Q } from '@skbuff/uapi';
import { NETIF_F_HW_VLAN_CTAG_FILTER } from './features.ts';
import { DevSlot, type NetDevice } from './netdevice.ts';

/** Users by (EtherType of the tag, number). */
const vids: DevSlot<Map<number, number>> = new DevSlot();

/** `vlan_vid_add`: one user more of a VLAN. The first one's number is told to the driver, whose errno refuses it. */
export function vlanVidAdd(dev: NetDevice, proto: number, vid: number): number {
  const known = vids.get(dev) ?? new Map<number, number>();
  const key = proto * 4096 + vid;
  const users = known.get(key) ?? 0;
  const err = users === 0 && filters(dev, proto) ? (dev.ops.ndoVlanRxAddVid?.(dev, proto, vid) ?? -EINVAL) : 0;
  if (err !== 0) return err;
  known.set(key, users + 1);
  vids.set(dev, known);
  return 0;
}

/** `vlan_vid_del`: one user less; without any the driver is told. Nothing for a number that is not there. */
export function vlanVidDel(dev: NetDevice, proto: number, vid: number): void {
  const known = vids.get(dev);
  const key = proto * 4096 + vid;
  const users = known?.get(key) ?? 0;
  if (known === null || users === 0) return;
  if (users > 1) {
    known.set(key, users - 1);
    return;
  }
  known.delete(key);
  if (!filters(dev, proto)) return;
  const err = dev.ops.ndoVlanRxKillVid?.(dev, proto, vid) ?? 0;
  if (err !== 0) dev.net.kernel.log(`${dev.name}: failed to kill vid ${proto.toString(16).padStart(4, '0')}/${vid}`);
}

/** `vlan_vids_by_dev` and the like: the numbers with users, as [EtherType, number]. */
export function vlanVids(dev: NetDevice): readonly (readonly [number, number])[] {
  return [...(vids.get(dev)?.keys() ?? [])].map((key) => [Math.floor(key / 4096), key % 4096] as const);
}

/** `vlan_hw_filter_capable`: the feature is about customer tags. */
function filters(dev: NetDevice, proto: number): boolean {
  return proto === ETH_P_8021Q && (dev.features & NETIF_F_HW_VLAN_CTAG_FILTER) !== 0;
}
