/** ioctl(2) on any socket about devices (`net/core/dev_ioctl.c`): questions are free, changes need CAP_NET_ADMIN. */
import { type Net, type NetDevice, devEthtool, devGetFlags } from '@skbuff/core';
import * as U from '@skbuff/uapi';
import { devIfsioc } from './dev-ifsioc.ts';
import { leS32, setLe16, setLe32 } from '@skbuff/wire';
import { sockNet } from './sock-net.ts';
import { userMemory } from './user-memory.ts';

/** Requests that every socket answers have these bits. */
const SOCK_IOC_TYPE = 0x89;

const QUESTIONS: ReadonlySet<number> = new Set([
  U.SIOCGIFFLAGS,
  U.SIOCGIFMETRIC,
  U.SIOCGIFMTU,
  U.SIOCGIFHWADDR,
  U.SIOCGIFMAP,
  U.SIOCGIFINDEX,
  U.SIOCGIFTXQLEN,
  U.SIOCGIFSLAVE,
]);

/** What changes a device, or is told to those only who may change it. */
const CHANGES: ReadonlySet<number> = new Set([
  U.SIOCSIFFLAGS,
  U.SIOCSIFMETRIC,
  U.SIOCSIFMTU,
  U.SIOCSIFHWADDR,
  U.SIOCSIFHWBROADCAST,
  U.SIOCSIFSLAVE,
  U.SIOCSIFMAP,
  U.SIOCSIFTXQLEN,
  U.SIOCSIFNAME,
  U.SIOCADDMULTI,
  U.SIOCDELMULTI,
  U.SIOCGMIIPHY,
  U.SIOCGMIIREG,
  U.SIOCSMIIREG,
  U.SIOCSHWTSTAMP,
]);

/**
 * `dev_ioctl`: 0 with `ifreq` filled in, -EFAULT if it is too short, -ENODEV, -EPERM, -ENOTTY if the request is none of these, or what
 * the device says.
 */
export function devIoctl(net: Net, request: number, ifreq: Uint8Array): number {
  if (request >>> 8 !== SOCK_IOC_TYPE) return -U.ENOTTY;
  if (ifreq.length < U.IFREQ_LEN) return -U.EFAULT;
  if (request === U.SIOCGIFNAME) return ifname(net, ifreq);
  if (request === U.SIOCETHTOOL) return ethtool(net, ifreq);
  const question = QUESTIONS.has(request);
  if (!question && !isChange(request)) return -U.ENOTTY;
  if (CHANGES.has(request) && !mayChange(net, request)) return -U.EPERM;
  const dev = net.devGetByName(ifrName(ifreq));
  if (dev === null) return -U.ENODEV;
  return question ? answer(dev, request, ifreq) : devIfsioc(dev, request, ifreq);
}

/** What `ifr_data` points at is the package ethtool's business. */
function ethtool(net: Net, ifreq: Uint8Array): number {
  const command = userMemory(ifreq, U.IFREQ_UNION, 4);
  if (command === null || typeof command === 'number') return -U.EFAULT;
  const data = ifreq.subarray(command.byteOffset - ifreq.byteOffset);
  return devEthtool.peek(net)?.(net, ifrName(ifreq), data, sockNet.of(net).layer.nsCapable(net, U.CAP_NET_ADMIN)) ?? -U.EOPNOTSUPP;
}

/** Two concern memory of the machine, which a namespace's own root has no business with. */
function mayChange(net: Net, request: number): boolean {
  const { layer } = sockNet.of(net);
  if ((request === U.SIOCSIFMAP || request === U.SIOCSIFTXQLEN) && !layer.capable(U.CAP_NET_ADMIN)) return false;
  return layer.nsCapable(net, U.CAP_NET_ADMIN);
}

/** Also the driver's private requests, which anybody may make. */
function isChange(request: number): boolean {
  return CHANGES.has(request) || request === U.SIOCGHWTSTAMP || (request >= U.SIOCDEVPRIVATE && request < U.SIOCDEVPRIVATE + 16);
}

/** The interface name at the start of a `struct ifreq`; an alias label ("eth0:1") counts as its device. */
export function ifrName(ifreq: Uint8Array): string {
  return ifrLabel(ifreq).replace(/:.*$/s, '');
}

/** The whole name at `off`, alias included: 15 characters at the most. */
export function ifrLabel(ifreq: Uint8Array, off = 0): string {
  let name = '';
  for (let i = 0; i < U.IFNAMSIZ - 1 && ifreq[off + i] !== 0; i++) name += String.fromCharCode(ifreq[off + i]);
  return name;
}

/** Writes a name into 16 bytes at `off`. */
export function setIfrName(ifreq: Uint8Array, off: number, name: string): void {
  for (let i = 0; i < U.IFNAMSIZ; i++) ifreq[off + i] = i < name.length ? name.charCodeAt(i) : 0;
}

function ifname(net: Net, ifreq: Uint8Array): number {
  const dev = net.devGetByIndex(leS32(ifreq, U.IFREQ_UNION));
  if (dev === null) return -U.ENODEV;
  setIfrName(ifreq, 0, dev.name);
  return 0;
}

function answer(dev: NetDevice, request: number, ifreq: Uint8Array): number {
  switch (request) {
    case U.SIOCGIFINDEX:
      return int(ifreq, dev.ifindex);
    case U.SIOCGIFMTU:
      return int(ifreq, dev.mtu);
    case U.SIOCGIFMETRIC:
      return int(ifreq, 0);
    case U.SIOCGIFTXQLEN:
      return int(ifreq, dev.txQueueLen);
    case U.SIOCGIFFLAGS:
      return short(ifreq, devGetFlags(dev));
    case U.SIOCGIFMAP:
      // No device here has memory, ports or interrupts.
      ifreq.fill(0, U.IFREQ_UNION);
      return 0;
    case U.SIOCGIFSLAVE:
      return -U.EINVAL;
    default:
      return hwaddr(dev, ifreq);
  }
}

function int(ifreq: Uint8Array, value: number): number {
  setLe32(ifreq, U.IFREQ_UNION, value);
  return 0;
}

function short(ifreq: Uint8Array, value: number): number {
  setLe16(ifreq, U.IFREQ_UNION, value);
  return 0;
}

/** `dev_get_mac_address`: a `struct sockaddr` with the type of the link. */
function hwaddr(dev: NetDevice, ifreq: Uint8Array): number {
  for (let i = 0; i < 14; i++) ifreq[U.IFREQ_UNION + 2 + i] = i < dev.addrLen ? dev.devAddr[i] : 0;
  return short(ifreq, dev.type);
}
