/** Which device and which source address arping works with. */
import { SockaddrIn } from '@skbuff/af-inet';
import { Exit } from '@skbuff/command';
import { bytesToStr, NlMsgBuilder, nlaFind, nlaGetU32, nlmsgAll, RtMsg, strToBytes } from '@skbuff/netlink';
import * as U from '@skbuff/uapi';
import { leS32, setBe32, setLe32 } from '@skbuff/wire';
import type { ArpingArguments } from './arping-options.ts';

/** Where arping tries the way to the target: no packet is sent. */
const PROBE_PORT = 1025;

export interface ArpingDevice {
  readonly name: string;
  readonly ifindex: number;
}

/** The device of -I, or the one that the route to the target takes; exits with a complaint if ARP cannot work there. */
export function findDevice(args: ArpingArguments): ArpingDevice {
  const { program, options } = args;
  const { task } = program.env;
  const fd = task.socket(U.AF_INET, U.SOCK_DGRAM, 0);
  const name = options.device || nameOf(fd, outgoing(args), args);
  const ask = (request: number): number => {
    const ifreq = new Uint8Array(U.IFREQ_LEN);
    ifreq.set(strToBytes(name).subarray(0, U.IFNAMSIZ - 1));
    return task.ioctl(fd, request, ifreq) < 0 ? -1 : leS32(ifreq, U.IFREQ_UNION);
  };
  const ifindex = ask(U.SIOCGIFINDEX);
  if (ifindex < 0) program.die(2, `Device ${name} not available.`);
  const flags = ask(U.SIOCGIFFLAGS);
  if ((flags & U.IFF_UP) === 0) unfit(args, `Interface "${name}" is down`);
  if ((flags & (U.IFF_NOARP | U.IFF_LOOPBACK)) !== 0) unfit(args, `Interface "${name}" is not ARPable`);
  task.close(fd);
  return { name, ifindex };
}

/** Says on standard output why there is nothing to be done. */
export function unfit({ program, options }: ArpingArguments, why: string): never {
  if (!options.quiet) program.print(`${why}\n`);
  throw new Exit(2);
}

/** RTA_OIF of the route to the target. */
function outgoing({ program, target }: ArpingArguments): number {
  const port = program.env.netlink(U.NETLINK_ROUTE);
  if (typeof port === 'number') return program.die(1, 'NETLINK_ROUTE socket failed', port);
  const b = new NlMsgBuilder();
  const nlh = b.nlmsgPut(U.RTM_GETROUTE, U.NLM_F_REQUEST, 1, 0, RtMsg.of({ family: U.AF_INET }));
  const dst = new Uint8Array(4);
  setBe32(dst, 0, target);
  b.nlaPut(U.RTA_DST, dst);
  b.nlmsgEnd(nlh);
  port.sendmsg(b.bytes());
  const answer = port.recvmsg();
  port.close();
  for (const msg of typeof answer === 'number' ? [] : nlmsgAll(answer.data)) {
    if (msg.type === U.NLMSG_ERROR) program.die(1, 'NETLINK_ROUTE unexpected iov element');
    const oif = nlaFind(msg.buf, msg.data + RtMsg.LEN, msg.dataLen - RtMsg.LEN, U.RTA_OIF);
    if (oif >= 0) return nlaGetU32(msg.buf, oif);
  }
  return program.die(1, 'NETLINK_ROUTE unexpected iov element');
}

function nameOf(fd: number, ifindex: number, { program }: ArpingArguments): string {
  const ifreq = new Uint8Array(U.IFREQ_LEN);
  setLe32(ifreq, U.IFREQ_UNION, ifindex);
  if (program.env.task.ioctl(fd, U.SIOCGIFNAME, ifreq) < 0) program.die(1, 'if_indextoname failed');
  return bytesToStr(ifreq, 0, ifreq.indexOf(0));
}

/** The source address: the given one if it is ours, else that of the way to the target; none for the detection of duplicates. */
export function chooseSource(args: ArpingArguments, device: ArpingDevice): number {
  const { program, options, target } = args;
  const { task } = program.env;
  const source = args.source === 0 && options.unsolicited && !options.dad ? target : args.source;
  if (options.dad && source === 0) return 0;
  const fd = program.must(task.socket(U.AF_INET, U.SOCK_DGRAM, 0), 'socket');
  const rc = task.setsockopt(fd, U.SOL_SOCKET, U.SO_BINDTODEVICE, strToBytes(`${device.name}\0`));
  if (rc < 0) program.complain('WARNING: interface is ignored', rc);
  const own = new SockaddrIn(source);
  if (source !== 0) program.must(task.bind(fd, own), 'bind');
  else if (!options.dad) {
    if (task.setsockopt(fd, U.SOL_SOCKET, U.SO_DONTROUTE, 1) < 0) program.complain('WARNING: setsockopt(SO_DONTROUTE)');
    program.must(task.connect(fd, new SockaddrIn(target, PROBE_PORT)) as number, 'connect');
    program.must(task.getsockname(fd, own), 'getsockname');
  }
  task.close(fd);
  return own.addr;
}
