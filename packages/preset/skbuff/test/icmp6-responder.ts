/** A host that answers a message of ICMPv6 with another one, on a real machine and on ours. */
import { SockaddrIn6 } from '@skbuff/af-inet6';
import type { Command } from '@skbuff/command';
import { IPPROTO_ICMPV6, IPV6_MULTICAST_HOPS, IPV6_UNICAST_HOPS, SOCK_RAW, SOL_IPV6, AF_INET6 } from '@skbuff/uapi';
import type { Service } from './tools-lab.ts';

/** `answer TYPE HOPS COPIED HEX`: whoever sends TYPE gets the message HEX with HOPS, bytes 8…8+COPIED of which are those of the question. */
const THEIRS = `
import socket, sys
kind, hops, copied, message = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), bytearray.fromhex(sys.argv[4])
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
for option in (socket.IPV6_MULTICAST_HOPS, socket.IPV6_UNICAST_HOPS):
    s.setsockopt(socket.IPPROTO_IPV6, option, hops)
print('ready')
while True:
    data, addr = s.recvfrom(4096)
    if data[0] == kind:
        message[8:8 + copied] = data[8:8 + copied]
        s.sendto(message, addr)
`;

const OURS: Command = {
  name: 'answer',
  async run([, kind, hops, copied, hex = ''], { task }) {
    const message = Uint8Array.from(Buffer.from(hex, 'hex'));
    const fd = task.socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
    for (const option of [IPV6_MULTICAST_HOPS, IPV6_UNICAST_HOPS]) task.setsockopt(fd, SOL_IPV6, option, Number(hops));
    const data = new Uint8Array(4096);
    for (;;) {
      const from = new SockaddrIn6();
      const n = await task.recvfrom(fd, data, 0, from);
      if (n < 0) return 1;
      if (data[0] !== Number(kind)) continue;
      if (copied !== '0') message.set(data.subarray(8, 8 + Number(copied)), 8);
      await task.sendto(fd, message, 0, from);
    }
  },
};

export const ANSWER: Service = { theirs: THEIRS, ours: OURS };
