/** Frames that a driver collected (`net/core/dev.c`). */
import type { SkBuff } from '../skbuff/skbuff.ts';
import type { NetDevice } from './netdevice.ts';
import type { PacketType } from './packet-type.ts';
import type { Softnet } from './softnet.ts';

/**
 * `netif_receive_skb_list`: a chain of frames (linked by `next`), as a driver collects them in one poll. Runs of frames from one
 * device for one packet type go to it together, if it takes lists.
 */
export function netifReceiveSkbList(softnet: Softnet, first: SkBuff | null): void {
  let run: SkBuff | null = null;
  let last: SkBuff | null = null;
  let runPt: PacketType | null = null;
  let runDev: NetDevice | null = null;
  while (first !== null) {
    const skb = first;
    first = skb.next;
    skb.next = null;
    const origDev = skb.dev as NetDevice;
    const pt = softnet.receiveCore(skb, origDev);
    if (pt === null) continue;
    if (last !== null && pt === runPt && origDev === runDev) last.next = skb;
    else {
      if (run !== null) deliverRun(run, runPt as PacketType, runDev as NetDevice);
      run = skb;
      runPt = pt;
      runDev = origDev;
    }
    last = skb;
  }
  if (run !== null) deliverRun(run, runPt as PacketType, runDev as NetDevice);
}

/** `__netif_receive_skb_list_ptype`: a run of frames for one receiver. */
function deliverRun(first: SkBuff, pt: PacketType, origDev: NetDevice): void {
  if (pt.listFunc !== null) {
    pt.listFunc(first, pt, origDev);
    return;
  }
  for (let skb: SkBuff | null = first; skb !== null; ) {
    const next: SkBuff | null = skb.next;
    skb.next = null;
    pt.func(skb, skb.dev as NetDevice, pt, origDev);
    skb = next;
  }
}
