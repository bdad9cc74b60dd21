/** Files that stand for namespaces (`fs/nsfs.c`): an open one holds its namespace. */
import type { Namespace } from '@skbuff/namespaces';
import { POLLIN, POLLOUT } from '@skbuff/uapi';
import { type FileOps, OpenFile } from './file.ts';
import { WaitQueueHead } from './wait.ts';

/** Such a file is always ready, so nobody waits. */
const nobody: WaitQueueHead = new WaitQueueHead();

const nsFileOps: FileOps = {
  poll: () => POLLIN | POLLOUT,
  waitQueue: () => nobody,
  release: (file) => (file.priv as Namespace).put(),
};

/** `ns_get_path`, opened: takes a reference. */
export function nsFile(ns: Namespace): OpenFile {
  return new OpenFile(nsFileOps, null, ns.get(), false);
}

/** `proc_ns_file`: the namespace of a file, or null if it is a file of another kind. No reference is taken. */
export function nsOfFile(file: OpenFile): Namespace | null {
  return file.ops === nsFileOps ? (file.priv as Namespace) : null;
}
