/**
 * The same as the kernel's side: two namespaces, a veth between them, 18-byte datagrams from a connected UDP socket to one that
 * receives into a buffer of its own. Sent in bursts of 64, then received until the socket is empty, as sendmmsg and recvmmsg do.
 */
import { afInet } from '@skbuff/af-inet';
import { arp } from '@skbuff/arp';
import { createKernel, setupNet, VirtualClock } from '@skbuff/core';
import { fib } from '@skbuff/fib';
import { FibTrie } from '@skbuff/fib-trie';
import { icmp } from '@skbuff/icmp';
import { ipv4 } from '@skbuff/ipv4';
import { loopback } from '@skbuff/loopback';
import { namespaces } from '@skbuff/namespaces';
import { neighbour } from '@skbuff/neighbour';
import { netlink } from '@skbuff/netlink';
import { attachCapture, PcapngWriter } from '@skbuff/pcapng';
import { procfs } from '@skbuff/procfs';
import { rtnetlink } from '@skbuff/rtnetlink';
import { kernelTask, sock } from '@skbuff/sock';
import { sysctl } from '@skbuff/sysctl';
import { AF_INET, MSG_DONTWAIT, SOCK_DGRAM } from '@skbuff/uapi';
import { udp } from '@skbuff/udp';
import { veth } from '@skbuff/veth';
import { inetPton4 } from '@skbuff/wire';
import { address, must, wire } from './topology.mjs';

const BURST = 64;
const PAYLOAD = 18;
const PORT = 7000;

/** @param {import('./contract.mjs').Options} options */
export function setup(options) {
  const clock = new VirtualClock();
  const kernel = createKernel({
    clock,
    plugins: [
      netlink(), rtnetlink(), sysctl(), procfs(), loopback(), veth(), neighbour(), arp(), ipv4(), icmp(),
      fib({ table: () => new FibTrie() }), namespaces(), sock(), afInet(), udp(),
    ],
  });
  const [a, b] = [setupNet(kernel), setupNet(kernel)];
  const pair = wire(a, 'a0', b, 'b0');
  clock.advance(1e9);
  address(pair.dev, '10.9.0.1', 24);
  address(pair.peer, '10.9.0.2', 24);
  const sender = kernelTask(a);
  const receiver = kernelTask(b);
  const out = must(sender.socket(AF_INET, SOCK_DGRAM), 'socket');
  const inn = must(receiver.socket(AF_INET, SOCK_DGRAM), 'socket');
  must(receiver.bind(inn, { family: AF_INET, addr: 0, port: PORT }), 'bind');
  must(sender.connect(out, { family: AF_INET, addr: inetPton4('10.9.0.2'), port: PORT }), 'connect');
  const payload = new Uint8Array(PAYLOAD).fill(0x5a);
  const into = new Uint8Array(2048);

  function burst() {
    for (let i = 0; i < BURST; i++) sender.sendto(out, payload);
    let received = 0;
    while (receiver.recvfrom(inn, into, MSG_DONTWAIT) === PAYLOAD) received++;
    return received;
  }

  burst(); // the first ones wait for ARP
  clock.advance(1e9);
  burst();
  if (options.capture) attachCapture([pair.dev, pair.peer], new PcapngWriter(() => {}));
  const got = burst();
  if (got !== BURST) throw new Error(`of ${BURST} datagrams ${got} were received: the topology is not set up right`);

  return {
    run(ms) {
      const begin = performance.now();
      const end = begin + ms;
      let packets = 0;
      let now = begin;
      do {
        for (let i = 0; i < 16; i++) packets += burst();
        now = performance.now();
      } while (now < end);
      return { packets, ns: (now - begin) * 1e6 };
    },
    close() {
      sender.exit();
      receiver.exit();
      const leaks = kernel.shutdown();
      if (Object.keys(leaks).length > 0) throw new Error(`leaks: ${JSON.stringify(leaks)}`);
    },
  };
}
