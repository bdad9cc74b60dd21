/** Which frames a device takes: promiscuity, all multicast, extra addresses (`net/core/dev.c`, `net/core/dev_addr_lists.c`). All under RTNL. */
import { EOVERFLOW, IFF_ALLMULTI, IFF_PROMISC, IFF_UP } from '@skbuff/uapi';
import { IFF_UNICAST_FLT, type NetDevice } from './netdevice.ts';

/** `dev_set_promiscuity`: one client more or less; the mode is on while any is left. -EOVERFLOW if the counter would wrap. */
export function devSetPromiscuity(dev: NetDevice, inc: number): number {
  return setPromiscuity(dev, inc, true);
}

/** `__dev_set_promiscuity`: `notify` unless the caller tells user space itself. */
export function setPromiscuity(dev: NetDevice, inc: number, notify: boolean): number {
  const err = countPromiscuity(dev, inc);
  if (err <= 0) return err;
  devSetRxMode(dev);
  if (notify) dev.net.kernel.rtnl.linkChanged(dev, IFF_PROMISC);
  return 0;
}

/** 1 if the mode changed, 0 if only the counter did. */
function countPromiscuity(dev: NetDevice, inc: number): number {
  const count = dev.promiscuity + inc;
  if (count < 0 || count > 0xffffffff) {
    dev.net.kernel.log(`${dev.name}: promiscuity touches roof, set promiscuity failed. promiscuity feature of device might be broken.`);
    return -EOVERFLOW;
  }
  dev.promiscuity = count;
  const on = count > 0;
  if (on === ((dev.flags & IFF_PROMISC) !== 0)) return 0;
  dev.flags ^= IFF_PROMISC;
  dev.net.kernel.log(`${dev.name}: ${on ? 'entered' : 'left'} promiscuous mode`);
  dev.ops.ndoChangeRxFlags?.(dev, IFF_PROMISC);
  return 1;
}

/** `dev_set_allmulti`: as {@link devSetPromiscuity}, for all multicast. */
export function devSetAllmulti(dev: NetDevice, inc: number): number {
  return setAllmulti(dev, inc, true);
}

/** `__dev_set_allmulti`. */
export function setAllmulti(dev: NetDevice, inc: number, notify: boolean): number {
  const count = dev.allmulti + inc;
  if (count < 0 || count > 0xffffffff) {
    dev.net.kernel.log(`${dev.name}: allmulti touches roof, set allmulti failed. allmulti feature of device might be broken.`);
    return -EOVERFLOW;
  }
  dev.allmulti = count;
  const on = count > 0;
  if (on === ((dev.flags & IFF_ALLMULTI) !== 0)) return 0;
  dev.flags ^= IFF_ALLMULTI;
  dev.net.kernel.log(`${dev.name}: ${on ? 'entered' : 'left'} allmulticast mode`);
  dev.ops.ndoChangeRxFlags?.(dev, IFF_ALLMULTI);
  devSetRxMode(dev);
  if (notify) dev.net.kernel.rtnl.linkChanged(dev, IFF_ALLMULTI);
  return 0;
}

/**
 * `dev_set_rx_mode`: tells the driver that lists or flags changed. A device that cannot filter unicast addresses becomes
 * promiscuous while it has extra ones.
 */
export function devSetRxMode(dev: NetDevice): void {
  if ((dev.flags & IFF_UP) === 0 || !dev.present()) return;
  if ((dev.privFlags & IFF_UNICAST_FLT) === 0) {
    const wanted = !dev.uc.isEmpty();
    if (wanted !== dev.ucPromisc) {
      dev.ucPromisc = wanted;
      countPromiscuity(dev, wanted ? 1 : -1);
    }
  }
  dev.ops.ndoSetRxMode?.(dev);
}

/** `dev_uc_add`: the device takes frames for one more unicast address, once more. Undo with {@link devUcDel}. */
export function devUcAdd(dev: NetDevice, addr: Uint8Array): number {
  return changed(dev, dev.uc.add(addr, dev.addrLen, false));
}

/** `dev_uc_del`: -ENOENT if it is not there. */
export function devUcDel(dev: NetDevice, addr: Uint8Array): number {
  return changed(dev, dev.uc.del(addr, dev.addrLen, false));
}

/** `dev_uc_flush`. */
export function devUcFlush(dev: NetDevice): void {
  dev.uc.flush();
}

/** `dev_mc_add`: the device takes frames for one more group, once more. */
export function devMcAdd(dev: NetDevice, addr: Uint8Array): number {
  return changed(dev, dev.mc.add(addr, dev.addrLen, false));
}

/** `dev_mc_del`: -ENOENT if it is not there. */
export function devMcDel(dev: NetDevice, addr: Uint8Array): number {
  return changed(dev, dev.mc.del(addr, dev.addrLen, false));
}

/** `dev_mc_add_global`: by the user (`ip maddr add`); again is no error and counts once. */
export function devMcAddGlobal(dev: NetDevice, addr: Uint8Array): number {
  return changed(dev, dev.mc.add(addr, dev.addrLen, true));
}

/** `dev_mc_del_global`: -ENOENT if the user did not add it. */
export function devMcDelGlobal(dev: NetDevice, addr: Uint8Array): number {
  return changed(dev, dev.mc.del(addr, dev.addrLen, true));
}

/** `dev_mc_flush`. */
export function devMcFlush(dev: NetDevice): void {
  dev.mc.flush();
}

function changed(dev: NetDevice, err: number): number {
  if (err === 0) devSetRxMode(dev);
  return err;
}
