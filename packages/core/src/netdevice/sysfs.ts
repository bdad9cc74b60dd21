/** /sys/class/net as a process sees it: the files of the devices of its namespace, by their paths. */
import { EISDIR, ENOENT } from '@skbuff/uapi';
import type { Net } from '../pernet/net.ts';
import { netSysfsList, netSysfsPath, netSysfsRead, netSysfsWrite } from './net-sysfs.ts';
import type { NetDevice } from './netdevice.ts';

const CLASS_NET = '/sys/class/net';

interface Place {
  readonly dev: NetDevice;
  /** Below the device's directory. */
  readonly path: string;
}

/** A device is found below /sys/class/net, and where that link leads. */
function placeOf(net: Net, path: string): Place | null {
  for (const dev of net.devList) {
    for (const dir of [`${CLASS_NET}/${dev.name}`, netSysfsPath(dev)]) {
      if (path === dir || path.startsWith(`${dir}/`)) return { dev, path: path.slice(dir.length + 1) };
    }
  }
  return null;
}

/** The text of a file: `/sys/class/net/eth0/mtu`. -ENOENT, -EISDIR, or what the file says. */
export function sysfsRead(net: Net, path: string): string | number {
  const place = placeOf(net, path);
  if (place === null) return path === CLASS_NET ? -EISDIR : -ENOENT;
  return place.path === '' ? -EISDIR : netSysfsRead(place.dev, place.path);
}

/** Writes a file: 0 or a negative errno. */
export function sysfsWrite(net: Net, path: string, text: string): number {
  const place = placeOf(net, path);
  if (place === null) return path === CLASS_NET ? -EISDIR : -ENOENT;
  return place.path === '' ? -EISDIR : netSysfsWrite(place.dev, place.path, text);
}

/** Names in a directory, or -ENOENT. */
export function sysfsReaddir(net: Net, path: string): readonly string[] | number {
  if (path === CLASS_NET) return net.devList.map(({ name }) => name).sort();
  const place = placeOf(net, path);
  const names = place === null ? [] : netSysfsList(place.dev, place.path);
  return names.length === 0 ? -ENOENT : names;
}
