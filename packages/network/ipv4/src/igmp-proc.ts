/** /proc/net/igmp and /proc/net/mcfilter (`net/ipv4/igmp.c`). */
import type { Net } from '@skbuff/core';
import { type InDevice, inDevGet } from './inetdevice.ts';

/** The text of /proc/net/igmp: groups of each interface, the one joined last first. */
export function igmpMcSeqShow(net: Net): string {
  let text = 'Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n';
  for (const dev of net.devList) {
    const inDev = inDevGet(dev);
    if (inDev === null || inDev.mcList.size === 0) continue;
    text += `${dev.ifindex}\t${dev.name.padEnd(10)}: ${String(inDev.mcList.size).padStart(5)} ${querier(inDev).padStart(7)}\n`;
    for (const { group, users } of [...inDev.mcList.values()].reverse()) text += `\t\t\t\t${networkHex(group)} ${String(users).padStart(5)} 0:00000000\t\t0\n`;
  }
  return text;
}

/** The version of IGMP that is spoken on the link. */
function querier(inDev: InDevice): string {
  const forced = inDev.all.forceIgmpVersion || inDev.cnf.forceIgmpVersion;
  return forced === 1 ? 'V1' : forced === 2 ? 'V2' : 'V3';
}

/** The address as a number in memory order, which is how the kernel prints it on the machines that we look like. */
function networkHex(addr: number): string {
  const swapped = ((addr & 0xff) << 24) | ((addr & 0xff00) << 8) | ((addr >>> 8) & 0xff00) | (addr >>> 24);
  return (swapped >>> 0).toString(16).toUpperCase().padStart(8, '0');
}

/** The text of /proc/net/mcfilter: the sources that sockets of an interface name, and how many want and how many block each. */
export function igmpMcfSeqShow(net: Net): string {
  let text = 'Idx Device        MCA        SRC    INC    EXC\n';
  for (const dev of net.devList) {
    const head = `${String(dev.ifindex).padStart(3)} ${dev.name.slice(0, 6).padStart(6)}`;
    for (const { group, sources } of [...(inDevGet(dev)?.mcList.values() ?? [])].reverse()) {
      for (const { addr, include, exclude } of sources) {
        text += `${head} ${hex(group)} ${hex(addr)} ${String(include).padStart(6)} ${String(exclude).padStart(6)}\n`;
      }
    }
  }
  return text;
}

function hex(addr: number): string {
  return `0x${addr.toString(16).padStart(8, '0')}`;
}
