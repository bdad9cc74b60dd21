/**
 * The same as the kernel's side: two namespaces, a veth between them, 18-byte datagrams from a connected UDP socket to one that
 * receives into a buffer of its own. Sent in bursts of 64, then received until the socket is empty, as sendmmsg and recvmmsg do.
 */
import { afInet } from '@skbuff/af-inet';
import { afInet6, SockaddrIn6 } from '@skbuff/af-inet6';
import { createKernel, setupNet, VirtualClock } from '@skbuff/core';
import { namespaces } from '@skbuff/namespaces';
import { attachCapture, PcapngWriter } from '@skbuff/pcapng';
import { kernelTask, sock } from '@skbuff/sock';
import { AF_INET, AF_INET6, MSG_DONTWAIT, SOCK_DGRAM } from '@skbuff/uapi';
import { udp } from '@skbuff/udp';
import { udpv6 } from '@skbuff/udpv6';
import { in6Pton, inetPton4 } from '@skbuff/wire';
import { families } from '../lib/families.mjs';
import { address, must, stack, wire } from './topology.mjs';

const BURST = 64;
const PAYLOAD = 18;
const PORT = 7000;

/** @param {import('./contract.mjs').Options} options */
export function setup(options) {
  const family = families[options.version ?? 4];
  const v6 = family.version === 6;
  const clock = new VirtualClock();
  // Sockets of IPv6 speak IPv4 too, so its stack is there with them.
  const both = v6 || options.both === true;
  const kernel = createKernel({
    clock,
    plugins: [...stack({ version: 4, both }), namespaces(), sock(), afInet(), udp(), ...(both ? [afInet6(), udpv6()] : [])],
  });
  const [a, b] = [setupNet(kernel), setupNet(kernel)];
  const pair = wire(a, 'a0', b, 'b0');
  clock.advance(1e9);
  address(pair.dev, family.udp[0], family.prefixlen);
  address(pair.peer, family.udp[1], family.prefixlen);
  const sender = kernelTask(a);
  const receiver = kernelTask(b);
  const af = v6 ? AF_INET6 : AF_INET;
  const sockaddr = (text) => (v6 ? new SockaddrIn6(in6Pton(text), PORT) : { family: AF_INET, addr: inetPton4(text), port: PORT });
  const out = must(sender.socket(af, SOCK_DGRAM), 'socket');
  const inn = must(receiver.socket(af, SOCK_DGRAM), 'socket');
  must(receiver.bind(inn, sockaddr(family.any)), 'bind');
  must(sender.connect(out, sockaddr(family.udp[1])), 'connect');
  const payload = new Uint8Array(PAYLOAD).fill(0x5a);
  const into = new Uint8Array(2048);

  function burst() {
    for (let i = 0; i < BURST; i++) sender.sendto(out, payload);
    let received = 0;
    while (receiver.recvfrom(inn, into, MSG_DONTWAIT) === PAYLOAD) received++;
    return received;
  }

  burst(); // the first ones wait for the neighbour
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
