/** Interfaces of a table (`mif6_add`, `mif6_delete`). */
import { devSetAllmulti, type NetDevice, unregisterNetdevice } from '@skbuff/core';
import { in6DevGet, ipv6Net } from '@skbuff/ipv6';
import { EADDRINUSE, EADDRNOTAVAIL, EINVAL, ENFILE, ENOBUFS, MAXMIFS, MIFF_REGISTER, NETCONFA_MC_FORWARDING, RTM_NEWNETCONF } from '@skbuff/uapi';
import { ip6mrRegVif } from './ip6mr-reg.ts';
import type { Mif6Ctl } from './mfc6-structs.ts';
import { ip6mrNet, type Mr6Table, VIFF_STATIC } from './mr6-table.ts';

/** `mif6_add`: 0, -ENFILE, -EADDRINUSE, -EADDRNOTAVAIL (no such device), -ENOBUFS (no register interface), -EINVAL (there are no tunnels here), or why the device refuses. */
export function mif6Add(mrt: Mr6Table, { mifi, flags, pifi }: Mif6Ctl, byDaemon: boolean): number {
  if (mifi >= MAXMIFS) return -ENFILE;
  if (mrt.vifs[mifi] !== null) return -EADDRINUSE;
  const dev = deviceOf(mrt, flags, pifi);
  if (typeof dev === 'number') return dev;
  const err = devSetAllmulti(dev, 1);
  if (err !== 0) {
    if (flags === MIFF_REGISTER) unregisterNetdevice(dev);
    return err;
  }
  countForwarding(dev, 1);
  if (flags === MIFF_REGISTER) mrt.regVif = mifi;
  mrt.vifs[mifi] = { dev, flags: byDaemon ? flags : flags | VIFF_STATIC, bytesIn: 0, bytesOut: 0, pktIn: 0, pktOut: 0 };
  mrt.maxvif = Math.max(mrt.maxvif, mifi + 1);
  return 0;
}

function deviceOf(mrt: Mr6Table, flags: number, pifi: number): NetDevice | number {
  if (flags === 0) return mrt.net.devGetByIndex(pifi) ?? -EADDRNOTAVAIL;
  if (flags !== MIFF_REGISTER) return -EINVAL;
  return mrt.regVif >= 0 ? -EADDRINUSE : (ip6mrRegVif(mrt) ?? -ENOBUFS);
}

/** `mif6_delete`: 0 or -EADDRNOTAVAIL. A register interface goes, unless that is why (`gone`). */
export function mif6Delete(mrt: Mr6Table, mifi: number, gone: boolean = false): number {
  const vif = mrt.vifs[mifi] ?? null;
  if (vif === null) return -EADDRNOTAVAIL;
  mrt.vifs[mifi] = null;
  if (mrt.regVif === mifi) mrt.regVif = -1;
  while (mrt.maxvif > 0 && mrt.vifs[mrt.maxvif - 1] === null) mrt.maxvif--;
  devSetAllmulti(vif.dev, -1);
  countForwarding(vif.dev, -1);
  if ((vif.flags & MIFF_REGISTER) !== 0 && !gone) unregisterNetdevice(vif.dev);
  return 0;
}

/** `mc_forwarding` of the interface: in how many tables it is. */
function countForwarding(dev: NetDevice, by: number): void {
  const cnf = in6DevGet(dev)?.cnf ?? null;
  if (cnf === null) return;
  cnf.mcForwarding += by;
  ipv6Net.of(dev.net).ip.addrconf?.netconfNotify(dev.net, RTM_NEWNETCONF, NETCONFA_MC_FORWARDING, dev.ifindex, cnf);
}

/** `ip6mr_device_event`: a device went away. */
export function ip6mrDeviceGone(dev: NetDevice): void {
  for (const mrt of ip6mrNet.peek(dev.net)?.tables ?? []) for (let i = mrt.maxvif - 1; i >= 0; i--) if (mrt.vifs[i]?.dev === dev) mif6Delete(mrt, i, true);
}
