// A stack that sends pings, too: two namespaces on a cable, and a ping socket in one of them. Nothing but what that needs.
import { afInet, SockaddrIn } from '@skbuff/af-inet';
import { arpBare } from '@skbuff/arp';
import { createKernel, setupNet, devOpen, VirtualClock } from '@skbuff/core';
import { hostRoutes } from '@skbuff/host-routes';
import { icmpBare, icmpErrors } from '@skbuff/icmp';
import { inDevGet, inetAllocIfa, inetInsertIfa, ipv4Bare } from '@skbuff/ipv4';
import { loopback } from '@skbuff/loopback';
import { namespaces } from '@skbuff/namespaces';
import { neighbourBare } from '@skbuff/neighbour';
import { ping, pingNet } from '@skbuff/ping';
import { procfs } from '@skbuff/procfs';
import { kernelTask, sock } from '@skbuff/sock';
import { sysctl } from '@skbuff/sysctl';
import { AF_INET, ICMP_ECHO, IPPROTO_ICMP, SOCK_DGRAM } from '@skbuff/uapi';
import { vethCreate } from '@skbuff/veth';

export async function run() {
  const clock = new VirtualClock();
  const kernel = createKernel({
    clock,
    plugins: [
      sysctl(), procfs(), loopback(), neighbourBare(), ipv4Bare(), arpBare(), hostRoutes(), icmpBare(icmpErrors), namespaces(), sock(), afInet(), ping(),
    ],
  });
  const here = kernel.initNet;
  const there = setupNet(kernel);
  const pair = typeof there === 'number' ? there : vethCreate(here, 'eth0', there, 'eth0');
  if (typeof pair === 'number') throw new Error(`errno ${-pair}`);
  address(pair.dev, 0x0a000001);
  address(pair.peer, 0x0a000002);
  clock.advance(0);

  pingNet.of(here).groupLow = 0;
  const task = kernelTask(here);
  const fd = task.socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
  const request = new Uint8Array(64);
  request[0] = ICMP_ECHO;
  void task.sendto(fd, request, 0, new SockaddrIn(0x0a000002));
  clock.advance(1e9);
  const buf = new Uint8Array(64);
  const got = await task.recvfrom(fd, buf);
  task.exit();
  return { printed: `${typeof got === 'number' ? got : JSON.stringify(got)} bytes, ICMP type ${buf[0]}\n`, virtualTimeNs: clock.now(), captures: {}, leaks: kernel.shutdown() };
}

/** @param {import('@skbuff/core').NetDevice} dev @param {number} local */
function address(dev, local) {
  devOpen(dev);
  const inDev = inDevGet(dev);
  if (inDev !== null) inetInsertIfa(inetAllocIfa(inDev, { local, prefixlen: 24 }));
}
