/** Into a named namespace: what -netns and `ip netns exec` do to their process. */
import { netNsOf } from '@skbuff/namespaces';
import { CLONE_NEWNET, CLONE_NEWNS, EINVAL, ENAMETOOLONG, ENOENT, strerror } from '@skbuff/uapi';
import type { CommandEnv } from '@skbuff/command';

const NAME_MAX = 255;

/** `netns_switch`: 0, or -1 after a complaint. Files of /etc/netns/NAME are seen in /etc from then on. */
export function netnsSwitch(env: CommandEnv, name: string, complain: (text: string) => void): number {
  const { task } = env;
  const failed = (what: string, err: number): number => {
    complain(`${what}: ${strerror(err)}\n`);
    return -1;
  };
  // Directories can be opened as well, but they are no namespaces.
  if (['', '.', '..'].includes(name)) return failed(`setting the network namespace "${name}" failed`, -EINVAL);
  const net = env.netns.get(name);
  const fd = net === null ? (name.length > NAME_MAX ? -ENAMETOOLONG : -ENOENT) : task.openNs(netNsOf(net));
  if (fd < 0) return failed(`Cannot open network namespace "${name}"`, fd);
  const err = task.setns(fd, CLONE_NEWNET);
  task.close(fd);
  if (err < 0) return failed(`setting the network namespace "${name}" failed`, err);
  const own = task.unshare(CLONE_NEWNS);
  if (own < 0) return failed('unshare failed', own);
  env.bindEtc(name);
  return 0;
}
