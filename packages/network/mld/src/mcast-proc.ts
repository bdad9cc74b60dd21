/** /proc/net/igmp6 and /proc/net/mcfilter6 (`net/ipv6/mcast.c`). */
import { jiffiesToClockT, type Net, type NetDevice } from '@skbuff/core';
import { type Ifmcaddr6, MAF_TIMER_RUNNING } from './ifmcaddr6.ts';
import { mcastOf } from './mcast-dev.ts';

/** The text of /proc/net/igmp6: index, device, group, users, flags (MAF_*), hundredths of a second until it reports. */
export function igmp6McSeqShow(net: Net): string {
  const { jiffies } = net.timers;
  return lines(net, (dev, group) => {
    const left = (group.flags & MAF_TIMER_RUNNING) === 0 ? 0 : jiffiesToClockT((group.timer?.expires ?? jiffies) - jiffies);
    const flags = group.flags.toString(16).toUpperCase().padStart(8, '0');
    return `${String(dev.ifindex).padEnd(4)} ${dev.name.padEnd(15)} ${group.addr.toHex()} ${String(group.users).padStart(5)} ${flags} ${left}\n`;
  });
}

/**
 * The text of /proc/net/mcfilter6: the sources that sockets of an interface name, and how many want and how many block each. Linux begins at
 * the first device whose newest group has a source, and shows all from there on.
 */
export function igmp6McfSeqShow(net: Net): string {
  let begun = false;
  const rows = lines(net, (dev, group, i) => {
    begun ||= i === 0 && group.sources.length !== 0;
    const head = `${String(dev.ifindex).padStart(3)} ${dev.name.slice(0, 6).padStart(6)} ${group.addr.toHex()}`;
    return begun ? group.sources.map(({ addr, include, exclude }) => `${head} ${addr.toHex()} ${String(include).padStart(6)} ${String(exclude).padStart(6)}\n`).join('') : '';
  });
  return `Idx Device                Multicast Address                   Source Address    INC    EXC\n${rows}`;
}

function lines(net: Net, line: (dev: NetDevice, group: Ifmcaddr6, i: number) => string): string {
  return net.devList.map((dev) => (mcastOf(dev)?.groups ?? []).map((group, i) => line(dev, group, i)).join('')).join('');
}
