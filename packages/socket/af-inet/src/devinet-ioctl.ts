/** Addresses of interfaces by ioctl(2) (`devinet_ioctl`): what ifconfig lives on. */
import { type Net, type NetDevice, devChangeFlags } from '@skbuff/core';
import { type InDevice, type InIfaddr, INFINITY_LIFE_TIME, badMask, inDevGet, inetAllocIfa, inetDelIfa, inetInsertIfa, setIfaLifetime } from '@skbuff/ipv4';
import { ENOIOCTLCMD, ifrLabel, ifrName, setIfrName, sockNet, userMemory } from '@skbuff/sock';
import * as U from '@skbuff/uapi';
import { be32, inetMakeMask, inetMaskLen, leS32, setLe32 } from '@skbuff/wire';
import { SockaddrIn, sockaddrInCodec } from './sockaddr-in.ts';

const QUESTIONS: readonly number[] = [U.SIOCGIFADDR, U.SIOCGIFBRDADDR, U.SIOCGIFDSTADDR, U.SIOCGIFNETMASK];
const SETTERS: readonly number[] = [U.SIOCSIFADDR, U.SIOCSIFBRDADDR, U.SIOCSIFDSTADDR, U.SIOCSIFNETMASK];

const SIN_ADDR = U.IFREQ_UNION + 4;

/** One request about one address. */
interface AddrRequest {
  readonly dev: NetDevice;
  readonly inDev: InDevice | null;
  /** The address of that label; null: none. */
  readonly ifa: InIfaddr | null;
  readonly label: string;
  /** Of the request's `struct sockaddr_in`. */
  readonly addr: number;
}

/**
 * 0 with the address in `ifreq` or the change made; -ENODEV, -EADDRNOTAVAIL, -EPERM, -EINVAL, -EFAULT if it is too short, -ENOIOCTLCMD
 * if it is another request.
 */
export function devinetIoctl(net: Net, request: number, ifreq: Uint8Array): number {
  if (request === U.SIOCGIFPFLAGS || request === U.SIOCSIFPFLAGS) return ifreq.length < U.IFREQ_LEN ? -U.EFAULT : -U.EINVAL;
  const question = QUESTIONS.includes(request);
  const setter = SETTERS.includes(request);
  if (!question && !setter && request !== U.SIOCSIFFLAGS) return -ENOIOCTLCMD;
  if (ifreq.length < U.IFREQ_LEN) return -U.EFAULT;
  if (!question && !sockNet.of(net).layer.nsCapable(net, U.CAP_NET_ADMIN)) return -U.EPERM;
  const family = (ifreq[U.IFREQ_UNION] as number) | ((ifreq[U.IFREQ_UNION + 1] as number) << 8);
  if (setter && family !== U.AF_INET) return -U.EINVAL;
  const dev = net.devGetByName(ifrName(ifreq));
  if (dev === null) return -U.ENODEV;
  const inDev = inDevGet(dev);
  const label = ifrLabel(ifreq);
  const addr = be32(ifreq, SIN_ADDR);
  const r: AddrRequest = { dev, inDev, ifa: find(inDev, label, family === U.AF_INET ? addr : 0), label, addr };
  if (r.ifa === null && request !== U.SIOCSIFADDR && request !== U.SIOCSIFFLAGS) return -U.EADDRNOTAVAIL;
  if (!question) return change(r, request, ifreq);
  sockaddrInCodec.encode(new SockaddrIn(pick(r.ifa as InIfaddr, request)), ifreq.subarray(U.IFREQ_UNION));
  return 0;
}

/** The address of the label that the request says itself, if there is one, else the first of the label. */
function find(inDev: InDevice | null, label: string, addr: number): InIfaddr | null {
  const labelled = inDev?.ifaList.filter((ifa) => ifa.label === label) ?? [];
  return labelled.find((ifa) => addr !== 0 && ifa.local === addr) ?? labelled[0] ?? null;
}

function pick(ifa: InIfaddr, request: number): number {
  if (request === U.SIOCGIFADDR) return ifa.local;
  if (request === U.SIOCGIFNETMASK) return ifa.mask;
  return request === U.SIOCGIFBRDADDR ? ifa.broadcast : ifa.address;
}

function change(r: AddrRequest, request: number, ifreq: Uint8Array): number {
  switch (request) {
    case U.SIOCSIFFLAGS:
      return setFlags(r, ((leS32(ifreq, U.IFREQ_UNION) | 0) << 16) >> 16);
    case U.SIOCSIFADDR:
      return setAddress(r);
    case U.SIOCSIFBRDADDR:
      return r.ifa?.broadcast === r.addr ? 0 : replace(r, { broadcast: r.addr });
    case U.SIOCSIFDSTADDR:
      if (r.ifa?.address === r.addr) return 0;
      return inetAbcLen(r.addr) < 0 ? -U.EINVAL : replace(r, { address: r.addr });
    default:
      return setNetmask(r, r.ifa as InIfaddr);
  }
}

/** A label that goes down takes its address with it. */
function setFlags(r: AddrRequest, flags: number): number {
  if (!r.label.includes(':')) return devChangeFlags(r.dev, flags);
  if (r.ifa === null) return -U.EADDRNOTAVAIL;
  if ((flags & U.IFF_UP) === 0) inetDelIfa(r.ifa.inDev, r.ifa);
  return 0;
}

/** `inet_abc_len`: the prefix length of the address's class; -1 if it is nobody's own address. */
function inetAbcLen(addr: number): number {
  const top = addr >>> 24;
  if (top === 0 || addr === 0xffffffff) return 0;
  if (top < 128) return 8;
  if (top < 192) return 16;
  return top < 224 ? 24 : top >= 240 ? 32 : -1;
}

function setAddress(r: AddrRequest): number {
  const { dev, ifa, addr } = r;
  const length = inetAbcLen(addr);
  if (length < 0) return -U.EINVAL;
  if (ifa === null && r.inDev === null) return -U.ENOBUFS;
  if (ifa !== null && ifa.local === addr) return 0;
  if (ifa !== null) inetDelIfa(ifa.inDev, ifa);
  const prefixlen = (dev.flags & U.IFF_POINTOPOINT) === 0 ? length : 32;
  const broadcast = (dev.flags & U.IFF_BROADCAST) !== 0 && prefixlen < 31 ? (addr | ~inetMakeMask(prefixlen)) >>> 0 : 0;
  const made = inetAllocIfa(ifa?.inDev ?? (r.inDev as InDevice), {
    local: addr,
    prefixlen,
    broadcast: (dev.flags & U.IFF_POINTOPOINT) === 0 ? broadcast : 0,
    scope: addr >>> 24 === 127 ? U.RT_SCOPE_HOST : 0,
    label: ifa?.label ?? (r.label.includes(':') ? r.label : dev.name),
  });
  setIfaLifetime(made, INFINITY_LIFE_TIME, INFINITY_LIFE_TIME);
  made.inDev.cnf.setAll();
  made.inDev.arpParms?.setAll();
  return inetInsertIfa(made);
}

/** A broadcast address that fits the old mask follows. */
function setNetmask(r: AddrRequest, ifa: InIfaddr): number {
  const mask = r.addr;
  if (badMask(mask, 0)) return -U.EINVAL;
  if (ifa.mask === mask) return 0;
  const prefixlen = inetMaskLen(mask);
  const follows = (r.dev.flags & U.IFF_BROADCAST) !== 0 && prefixlen < 31 && ifa.broadcast === (ifa.local | ~ifa.mask) >>> 0;
  return replace(r, { mask, prefixlen, broadcast: follows ? (ifa.local | ~mask) >>> 0 : ifa.broadcast });
}

/** The address goes, and comes again with what is new about it. */
function replace(r: AddrRequest, what: Partial<Pick<InIfaddr, 'address' | 'mask' | 'prefixlen' | 'broadcast'>>): number {
  const ifa = r.ifa as InIfaddr;
  inetDelIfa(ifa.inDev, ifa);
  inetInsertIfa({ ...ifa, ...what });
  return 0;
}

/**
 * SIOCGIFCONF (`dev_ifconf`, `inet_gifconf`): one `struct ifreq` for each address of each interface that is asked for. The pointer of
 * `struct ifconf` is one as `userMemory` takes it; null: only the length is told.
 */
export function inetIfconf(net: Net, ifconf: Uint8Array): number {
  if (ifconf.length < U.IFCONF_LEN) return -U.EFAULT;
  const all = net.devList.flatMap((dev) => inDevGet(dev)?.ifaList ?? []);
  const room = leS32(ifconf, 0) | 0;
  const buf = userMemory(ifconf, 8, Math.max(0, room));
  if (typeof buf === 'number') return buf;
  const count = buf === null ? all.length : Math.min(all.length, Math.max(0, Math.floor(room / U.IFREQ_LEN)));
  if (buf !== null) all.slice(0, count).forEach((ifa, i) => writeIfreq(buf.subarray(i * U.IFREQ_LEN), ifa));
  setLe32(ifconf, 0, count * U.IFREQ_LEN);
  return 0;
}

function writeIfreq(ifreq: Uint8Array, ifa: InIfaddr): void {
  ifreq.fill(0, 0, U.IFREQ_LEN);
  setIfrName(ifreq, 0, ifa.label);
  sockaddrInCodec.encode(new SockaddrIn(ifa.local), ifreq.subarray(U.IFREQ_UNION));
}
