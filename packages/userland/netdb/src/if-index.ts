/** Names and indices of interfaces, as net/if.h has them: a socket is asked. */
import { setIfrName, type Task } from '@skbuff/sock';
import { AF_INET, AF_INET6, IFNAMSIZ, IFREQ_LEN, IFREQ_UNION, SIOCGIFINDEX, SIOCGIFNAME, SOCK_DGRAM } from '@skbuff/uapi';
import { leS32, setLe32 } from '@skbuff/wire';

/** The request, answered, or null. */
function ask(task: Task, request: number, fill: (ifreq: Uint8Array) => void): Uint8Array | null {
  const inet = task.socket(AF_INET, SOCK_DGRAM, 0);
  const fd = inet < 0 ? task.socket(AF_INET6, SOCK_DGRAM, 0) : inet;
  if (fd < 0) return null;
  const ifreq = new Uint8Array(IFREQ_LEN);
  fill(ifreq);
  const rc = task.ioctl(fd, request, ifreq);
  task.close(fd);
  return rc < 0 ? null : ifreq;
}

/** if_nametoindex(3): 0 if there is no interface of that name. */
export function ifNametoindex(task: Task, name: string): number {
  if (name.length >= IFNAMSIZ) return 0;
  const ifreq = ask(task, SIOCGIFINDEX, (b) => setIfrName(b, 0, name));
  return ifreq === null ? 0 : leS32(ifreq, IFREQ_UNION);
}

/** if_indextoname(3), or null. */
export function ifIndextoname(task: Task, ifindex: number): string | null {
  const ifreq = ask(task, SIOCGIFNAME, (b) => setLe32(b, IFREQ_UNION, ifindex));
  return ifreq === null ? null : String.fromCharCode(...ifreq.subarray(0, ifreq.indexOf(0)));
}
