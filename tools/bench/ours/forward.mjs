/**
 * The same topology as the kernel's side: a –veth– r –veth– b. Frames of 60 bytes enter r's first device as received frames, in
 * lists of 64, each written into a fresh sk_buff; they are routed by a table of 10 routes beside the connected ones, leave by the
 * second device, and an rx handler of b's device discards them.
 */
import { arp } from '@skbuff/arp';
import { createKernel, netifReceiveSkbList, setupNet, netdevRxHandlerRegister, RX_HANDLER_CONSUMED, TX_PACKETS, VirtualClock } from '@skbuff/core';
import { ethTypeTrans } from '@skbuff/ethernet';
import { fib } from '@skbuff/fib';
import { FibTrie } from '@skbuff/fib-trie';
import { icmp } from '@skbuff/icmp';
import { ipv4 } from '@skbuff/ipv4';
import { loopback } from '@skbuff/loopback';
import { neighbour } from '@skbuff/neighbour';
import { netlink } from '@skbuff/netlink';
import { attachCapture, PcapngWriter } from '@skbuff/pcapng';
import { procfs } from '@skbuff/procfs';
import { rtnetlink } from '@skbuff/rtnetlink';
import { sysctl, sysctlOf } from '@skbuff/sysctl';
import { veth } from '@skbuff/veth';
import { inetPton4, ipComputeCsum, setBe16, setBe32 } from '@skbuff/wire';
import { address, must, route, wire } from './topology.mjs';

/** Frames that a poll hands over at once, as NAPI does. */
const LIST = 64;
const FRAME = 60;

/** @param {import('./contract.mjs').Options} options */
export function setup(options) {
  const length = options.list ?? LIST;
  const clock = new VirtualClock();
  const kernel = createKernel({
    clock,
    plugins: [netlink(), rtnetlink(), sysctl(), procfs(), loopback(), veth(), neighbour(), arp(), ipv4(), icmp(), fib({ table: () => new FibTrie() })],
  });
  const [a, r, b] = [setupNet(kernel), setupNet(kernel), setupNet(kernel)];
  const left = wire(a, 'a0', r, 'r0');
  const right = wire(r, 'r1', b, 'b0');
  clock.advance(1e9);
  address(left.dev, '10.1.0.1', 24);
  address(left.peer, '10.1.0.254', 24);
  address(right.dev, '10.2.0.254', 24);
  address(right.peer, '10.2.0.1', 24);
  must(sysctlOf(r).write('net/ipv4/ip_forward', '1'), 'ip_forward');
  for (let i = 0; i < 10; i++) route(r, `10.${100 + i}.0.0`, 16, '10.2.0.1');

  const r0 = left.peer;
  const r1 = right.dev;
  const { skbs, softirq, softnet } = kernel;
  const bytes = skbs.arena.bytes;
  const template = skbs.arena.allocBlock(FRAME);
  writeFrame(bytes, template.start, r0.devAddr);

  /** One list of frames through the router. */
  function inject() {
    softirq.localBhDisable();
    let first = null;
    for (let i = 0; i < length; i++) {
      const skb = skbs.allocRx(r0, FRAME);
      const off = skb.put(FRAME);
      bytes.copyWithin(off, template.start, template.start + FRAME);
      skb.protocol = ethTypeTrans(skb, r0);
      skb.next = first;
      first = skb;
    }
    if (length === 1) softnet.netifReceiveSkb(first);
    else netifReceiveSkbList(softnet, first);
    softirq.localBhEnable();
  }

  inject(); // the first packets wait for ARP
  clock.advance(1e9);
  must(netdevRxHandlerRegister(right.peer, (skb) => {
    skb.consume();
    return RX_HANDLER_CONSUMED;
  }), 'rx handler');
  if (options.capture) attachCapture([r0, r1], new PcapngWriter(() => {}));
  const start = r1.stats[TX_PACKETS];
  inject();
  if (!options.cut && r1.stats[TX_PACKETS] !== start + length) throw new Error('frames do not come out: the topology is not set up right');

  return {
    run(ms) {
      const before = r1.stats[TX_PACKETS];
      const begin = performance.now();
      const end = begin + ms;
      let injected = 0;
      let now = begin;
      do {
        for (let i = 0; i < 1024; i += length) inject();
        injected += 1024;
        now = performance.now();
      } while (now < end);
      return { packets: options.cut ? injected : r1.stats[TX_PACKETS] - before, ns: (now - begin) * 1e6 };
    },
    close() {
      skbs.arena.putBlock(template);
      const leaks = kernel.shutdown();
      if (Object.keys(leaks).length > 0) throw new Error(`leaks: ${JSON.stringify(leaks)}`);
    },
  };
}

/** UDP from 10.1.0.1 to 10.2.0.1, 18 bytes of payload. */
function writeFrame(bytes, off, dest) {
  bytes.set(dest.subarray(0, 6), off);
  bytes.set([2, 0, 0, 0, 0, 9, 8, 0], off + 6);
  const ip = off + 14;
  bytes.set([0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0], ip);
  setBe32(bytes, ip + 12, inetPton4('10.1.0.1'));
  setBe32(bytes, ip + 16, inetPton4('10.2.0.1'));
  setBe16(bytes, ip + 10, ipComputeCsum(bytes, ip, 20));
  setBe16(bytes, ip + 20, 0x1100);
  setBe16(bytes, ip + 22, 7000);
  setBe16(bytes, ip + 24, 26);
}
