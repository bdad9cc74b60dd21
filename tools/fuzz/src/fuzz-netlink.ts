/** Netlink requests against a host of its own; another pair of hosts of the same kernel must not feel it. */
import { type Net, Random } from '@skbuff/core';
import { NetlinkPort, netlinkNet, netlinkOpen } from '@skbuff/netlink';
import { errnoName, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK, NETLINK_ROUTE, NLMSG_ERROR } from '@skbuff/uapi';
import { le16, le32 } from '@skbuff/wire';
import { createNet, type HostNet, VirtualClock } from 'skbuff';
import { Messages } from './messages.ts';
import { fault, type Outcome, outcome, tally, thrown } from './report.ts';
import { recordRequests } from './requests.ts';

/** So many requests have a network of their own, which is taken down and looked over afterwards. */
const EPOCH = 20_000;
/** The recorded requests are sent as they are before so many others. */
const RENEW = 500;
const MAX_ERRNO = 4095;

export async function fuzzNetlink(count: number, seed: number, until: () => boolean = () => false): Promise<Outcome> {
  const result = outcome('netlink messages');
  const samples = await recordRequests();
  for (let epoch = 0; result.done < count && !until(); epoch++) await oneNetwork(result, samples, Math.min(EPOCH, count - result.done), seed + epoch);
  return result;
}

async function oneNetwork(result: Outcome, samples: readonly Uint8Array[], count: number, seed: number): Promise<void> {
  const clock = new VirtualClock();
  const net: HostNet = createNet({ seed, debug: true, clock, memory: 16 << 20 });
  const [a, b, victim] = net.hosts('a', 'b', 'victim');
  net.link(a, b);
  a.addr.add({ dev: 'eth0', cidr: '10.0.0.1/24' });
  b.addr.add({ dev: 'eth0', cidr: '10.0.0.2/24' });
  const messages = new Messages(new Random(seed).fork('netlink'), samples);
  for (let i = 0; i < count; i++) {
    // Devices, addresses and routes that the requests are about.
    if (i % RENEW === 0) for (const sample of samples) sendQuietly(victim.ns, sample);
    const message = messages.next();
    try {
      send(result, victim.ns, message, i);
      if (i % 64 === 0) clock.advance(i % 1024 === 0 ? 1e9 : 1e5);
    } catch (error) {
      thrown(result, error, message);
    }
    if (net.kernel.skbs.inUse > result.mostPackets) result.mostPackets = net.kernel.skbs.inUse;
  }
  result.done += count;
  const { replies } = await a.ping('10.0.0.2', { count: 2 });
  if (replies.length !== 2) fault(result, `seed ${seed}: after ${count} messages to another host a does not reach b any more`);
  const leaks = net.close();
  if (Object.keys(leaks).length > 0) fault(result, `seed ${seed}: leaks ${JSON.stringify(leaks)}`);
}

function sendQuietly(net: Net, message: Uint8Array): void {
  const port = netlinkOpen(netlinkNet.of(net), NETLINK_ROUTE) as NetlinkPort;
  port.sendmsg(message);
  port.close();
}

function send(result: Outcome, net: Net, message: Uint8Array, i: number): void {
  const port = netlinkOpen(netlinkNet.of(net), NETLINK_ROUTE) as NetlinkPort;
  port.setsockopt(NETLINK_EXT_ACK, 1);
  if (i % 4 === 0) port.setsockopt(NETLINK_GET_STRICT_CHK, 1);
  port.sendmsg(message);
  let answers = 0;
  for (let reply = port.recvmsg(); typeof reply !== 'number'; reply = port.recvmsg()) {
    answers++;
    if (le16(reply.data, 4) !== NLMSG_ERROR) continue;
    const error = le32(reply.data, 16) | 0;
    tally(result.ends, error === 0 ? 'done' : errnoName(-error));
    if (error > 0 || error < -MAX_ERRNO) fault(result, `the answer ${error} is no errno`);
  }
  port.close();
  // What does not even frame a message is passed over, as by Linux; anything else is answered.
  if (answers === 0) {
    tally(result.ends, 'no answer: not a message');
    const len = le32(message, 0);
    if (len >= 16 && len <= message.length) fault(result, `no answer to ${Array.from(message).join(' ')}`);
  }
}
