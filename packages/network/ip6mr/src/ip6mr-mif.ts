/** Interfaces of a table (`mif6_add`, `mif6_delete`). */
import { devSetAllmulti, type NetDevice } from '@skbuff/core';
import { in6DevGet, ipv6Net } from '@skbuff/ipv6';
import { EADDRINUSE, EADDRNOTAVAIL, EINVAL, ENFILE, MAXMIFS, NETCONFA_MC_FORWARDING, RTM_NEWNETCONF } from '@skbuff/uapi';
import type { Mif6Ctl } from './mfc6-structs.ts';
import { ip6mrNet, type Mr6Table, VIFF_STATIC } from './mr6-table.ts';

/** `mif6_add`: 0, -ENFILE, -EADDRINUSE, -EADDRNOTAVAIL (no such device), -EINVAL (there are no tunnels here), or why the device refuses. */
export function mif6Add(mrt: Mr6Table, { mifi, flags, pifi }: Mif6Ctl, byDaemon: boolean): number {
  if (mifi >= MAXMIFS) return -ENFILE;
  if (mrt.vifs[mifi] !== null) return -EADDRINUSE;
  if (flags !== 0) return -EINVAL;
  const dev = mrt.net.devGetByIndex(pifi);
  if (dev === null) return -EADDRNOTAVAIL;
  const err = devSetAllmulti(dev, 1);
  if (err !== 0) return err;
  countForwarding(dev, 1);
  mrt.vifs[mifi] = { dev, flags: byDaemon ? 0 : VIFF_STATIC, bytesIn: 0, bytesOut: 0, pktIn: 0, pktOut: 0 };
  mrt.maxvif = Math.max(mrt.maxvif, mifi + 1);
  return 0;
}

/** `mif6_delete`: 0 or -EADDRNOTAVAIL. */
export function mif6Delete(mrt: Mr6Table, mifi: number): number {
  const vif = mrt.vifs[mifi] ?? null;
  if (vif === null) return -EADDRNOTAVAIL;
  mrt.vifs[mifi] = null;
  while (mrt.maxvif > 0 && mrt.vifs[mrt.maxvif - 1] === null) mrt.maxvif--;
  devSetAllmulti(vif.dev, -1);
  countForwarding(vif.dev, -1);
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
  for (const mrt of ip6mrNet.peek(dev.net)?.tables ?? []) for (let i = mrt.maxvif - 1; i >= 0; i--) if (mrt.vifs[i]?.dev === dev) mif6Delete(mrt, i);
}
