/** Sends one packet through a network and writes down what happens to it. */
import type { NetDevice, Net } from '@skbuff/core';
import { faultInjectorOf } from '@skbuff/fault-injector';
import type { Host, HostNet } from '@skbuff/hosts';
import { conclude } from './conclude.ts';
import { watchDrops } from './drop-door.ts';
import { FAMILIES } from './families.ts';
import { watchHooks } from './hook-door.ts';
import type { Explanation } from './model.ts';
import type { Packet } from './packet.ts';
import { parsePacket } from './packet-language.ts';
import { Trace } from './trace.ts';
import { type Refusal, sendPacket, type Sent } from './send.ts';
import { watchDevices } from './tap-door.ts';

const NSEC_PER_MSEC = 1e6;
/** Longer than a search for a neighbour (3 s); a longer way than that is followed while the packet moves. */
const QUIET_MS = 4000;
const LONGEST_MS = 60_000;

/** A network that may be changed by what is asked: a replica, or a lab that is thrown away. */
export async function followPacket(net: HostNet, host: Host | string, packet: Packet | string): Promise<Explanation> {
  const from = hostOf(net, host);
  const asked = typeof packet === 'string' ? parsePacket(packet) : packet;
  const bad = calm(net);
  // What the devices have put off is done, and nothing is under way.
  await net.advance(1);
  const trace = new Trace(net.kernel, asked, new Map(net.all.map(({ name, ns }) => [ns, name])));
  const undos = watch(trace, net.kernel.netns.list, bad);
  try {
    return conclude(trace, from, await sendAndWait(net, trace, from));
  } finally {
    for (const undo of undos) undo();
  }
}

async function sendAndWait(net: HostNet, trace: Trace, from: Host): Promise<Refusal | null> {
  const sent = sendPacket(trace, from, trace.packet);
  try {
    await settle(net, trace, sent);
    return sent.refusal;
  } finally {
    sent.close();
  }
}

export function hostOf(net: HostNet, host: Host | string): Host {
  const name = typeof host === 'string' ? host : host.name;
  const found = net.get(name);
  if (found === undefined) throw new TypeError(`there is no host ${name}: there are ${net.all.map((h) => h.name).join(', ')}`);
  return found;
}

function watch(trace: Trace, nets: readonly Net[], bad: ReadonlyMap<NetDevice, string>): (() => void)[] {
  const all = [...nets];
  const families = FAMILIES.flatMap(({ watchers }) => watchers.map((watcher) => watcher(trace, all)));
  return [...families, watchDrops(trace), watchDevices(trace, bad), ...all.map((net) => watchHooks(trace, net))];
}

/** Until nothing of the packet moves any more, in virtual time. */
async function settle(net: HostNet, trace: Trace, sent: Sent): Promise<void> {
  const begin = net.now();
  let [steps, since] = [-1, begin];
  for (let pause = 0.001; ; pause = Math.min(pause * 2, 50)) {
    await net.advance(pause);
    sent.drain();
    if (trace.steps.length !== steps) [steps, since] = [trace.steps.length, net.now()];
    const quiet = net.now() - since;
    if (quiet > QUIET_MS * NSEC_PER_MSEC || net.now() - begin > LONGEST_MS * NSEC_PER_MSEC) return;
    if (net.kernel.skbs.inUse === 0 && quiet > 100 * NSEC_PER_MSEC) return;
  }
}

/** Takes chance out of the links: a question has one answer. What they would have done, by device. */
function calm(net: HostNet): Map<NetDevice, string> {
  const bad = new Map<NetDevice, string>();
  for (const { name, ns } of net.all) for (const dev of ns.devList) calmDevice(name, dev, bad);
  return bad;
}

function calmDevice(host: string, dev: NetDevice, bad: Map<NetDevice, string>): void {
  const injector = faultInjectorOf(dev);
  if (injector === null) return;
  const { loss, duplicate, corrupt, reorder, jitter } = injector.impairment;
  const sure = (share: number): number => (share === 1 ? 1 : 0);
  const said = Object.entries({ loses: loss, duplicates: duplicate, damages: corrupt, reorders: reorder }).filter(([, share]) => share > 0 && share < 1);
  if (said.length > 0) bad.set(dev, `the link of ${host} ${dev.name} ${said.map(([what, share]) => `${what} ${Number((share * 100).toFixed(3))}%`).join(', ')} of the packets: not this one`);
  if (said.length > 0 || jitter > 0) injector.setImpairment({ ...injector.impairment, loss: sure(loss), duplicate: sure(duplicate), corrupt: sure(corrupt), reorder: sure(reorder), jitter: 0 });
}
