/** Learning about single destinations: `update_or_create_fnhe`, and path MTU discovery (RFC 1191). */
import { DST_OBSOLETE_KILL, HZ, type Net, type SkBuff } from '@skbuff/core';
import { Flowi4, type Rtable, ipMtuLocked, ipv4Mtu, ipv4Net } from '@skbuff/ipv4';
import { IPHDR_DADDR, IPHDR_PROTOCOL, IPHDR_SADDR, IPHDR_TOS, be32 } from '@skbuff/wire';
import { fibLookupIn } from './fib-lookup.ts';
import { type FibNet, fibNet } from './fib-net.ts';
import type { FibNh } from './fib-nh.ts';
import { FnheTable } from './fib-nh-exception.ts';
import { fibSelectPath } from './fib-select.ts';
import { ipRouteOutputKey } from './route-output.ts';

/** The flow of the packet of ours that an ICMP error quotes: its IP header lies at `skb.data`. */
export function flowOf(skb: SkBuff, fl4: Flowi4): Flowi4 {
  const { bytes, data: iph } = skb;
  const daddr = be32(bytes, iph + IPHDR_DADDR);
  const saddr = be32(bytes, iph + IPHDR_SADDR);
  return fl4.init(0, skb.mark, bytes[iph + IPHDR_TOS], 0, bytes[iph + IPHDR_PROTOCOL], 0, daddr, saddr, 0, 0);
}

/**
 * `update_or_create_fnhe`: from now on until `expires` (jiffies) packets to `daddr` over this next hop go by `gw` (0: as the route says)
 * and are at most `pmtu` bytes long (0: as the device says).
 */
export function updateOrCreateFnhe(state: FibNet, nh: FibNh, daddr: number, gw: number, pmtu: number, locked: boolean, expires: number): void {
  nh.exceptions ??= new FnheTable(state.fib.random.u32());
  let fnhe = nh.exceptions.get(daddr);
  const known = fnhe !== null;
  fnhe ??= nh.exceptions.add(daddr, state.fnheGenid, state.fib.random);
  fnhe.genid = state.fnheGenid;
  if (gw !== 0) fnhe.gw = gw;
  if (pmtu !== 0) {
    fnhe.pmtu = pmtu;
    fnhe.mtuLocked = locked;
  }
  fnhe.expires = Math.max(1, expires);
  fnhe.stamp = state.timers.jiffies;
  if (known) fnhe.refill();
  else {
    // Whoever keeps the decision for everybody behind this next hop shall look whether it still holds for them.
    if (nh.rthInput !== null) nh.rthInput.obsolete = DST_OBSOLETE_KILL;
    if (nh.rthOutput !== null) nh.rthOutput.obsolete = DST_OBSOLETE_KILL;
  }
}

/** `ipv4_update_pmtu`: a router says that a packet of ours (quoted at `skb.data`) was too long: `mtu` bytes would pass. */
export function ipv4UpdatePmtu(net: Net, skb: SkBuff, mtu: number): void {
  const state = fibNet.of(net);
  const fl4 = flowOf(skb, new Flowi4());
  const rt = ipRouteOutputKey(state, fl4, state.outRes);
  if (typeof rt === 'number') return;
  updatePmtu(state, rt, fl4, mtu);
  rt.release();
}

/** `__ip_rt_update_pmtu`: a smaller MTU is believed for `mtu_expires`; one below `min_pmtu` only as a sign that nothing can be learned. */
function updatePmtu(state: FibNet, rt: Rtable, fl4: Flowi4, mtu: number): void {
  const now = state.timers.jiffies;
  const settings = ipv4Net.of(state.net);
  const old = ipv4Mtu(rt);
  if (ipMtuLocked(rt) || old < mtu) return;
  const lock = mtu < settings.minPmtu;
  const value = lock ? Math.min(old, settings.minPmtu) : mtu;
  const life = settings.mtuExpires * HZ;
  if (rt.pmtu === value && !lock && now < rt.expires - life / 2) return;
  const { outRes: res } = state;
  if (fibLookupIn(state, fl4, res, 0) !== 0) return;
  fibSelectPath(state, res, fl4);
  updateOrCreateFnhe(state, res.nh as FibNh, fl4.daddr, 0, value, lock, now + life);
}
