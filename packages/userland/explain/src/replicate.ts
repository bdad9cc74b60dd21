/**
 * A second kernel in the same state, as far as a packet can tell: what the first one says of itself by netlink, sysctl and its socket tables is
 * given to the second one through the same doors.
 */
import { setupNet } from '@skbuff/core';
import type { Command } from '@skbuff/command';
import type { Kernel, Net, NetDevice } from '@skbuff/core';
import { createNet, type HostNet } from '@skbuff/hosts';
import type { Task } from '@skbuff/sock';
import { FAMILIES } from './families.ts';
import { copyDevices, copyLinkFaults } from './replicate-devices.ts';
import { copyHooks } from './replicate-hooks.ts';
import { copySockets } from './replicate-sockets.ts';
import { copyTables, Talker } from './replicate-tables.ts';
import { copySysctls, holdStill } from './replicate-sysctls.ts';

export interface Replica {
  readonly net: HostNet;
  /** What could not be copied. */
  readonly notes: readonly string[];
  /** Ends the replica. What is left and should not be: nothing, `{}`. */
  close(): Record<string, number>;
}

/** What the parts of the copy share. */
export interface Copying {
  readonly kernel: Kernel;
  readonly nets: ReadonlyMap<Net, Net>;
  readonly devs: Map<NetDevice, NetDevice>;
  readonly notes: string[];
  readonly tasks: Task[];
  nodeOf(net: Net): string;
}

/** Plugin of `HostNet` itself, which the new network brings along. */
const OWN = '@skbuff/hosts';

/** Copies a network, whose hosts get the `commands`. The original is only read. */
export function replicate(net: HostNet, commands: readonly Command[] = []): Replica {
  const copy = createNet({ plugins: net.kernel.plugins().filter(({ name }) => name !== OWN), commands });
  const copying = begin(net, copy);
  holdStill(copying);
  copyDevices(copying);
  copySysctls(copying, false);
  const talkers = [...copying.nets].map(([from, to]) => [new Talker(from), new Talker(to)] as const);
  for (const [from, to] of talkers) copyTables(copying, from, to);
  for (const talker of talkers.flat()) talker.close();
  for (const [from, to] of copying.nets) for (const { copyStates } of FAMILIES) copyStates(copying.devs, from, to);
  copySysctls(copying, true);
  copyLinkFaults(copying);
  copySockets(copying);
  copyHooks(copying);
  const close = (): Record<string, number> => {
    for (const task of copying.tasks) task.exit();
    return copy.close();
  };
  return { net: copy, notes: copying.notes, close };
}

function begin(net: HostNet, copy: HostNet): Copying {
  const names = new Map(net.all.map(({ name, ns }) => [ns, name]));
  const nets = new Map<Net, Net>([[net.kernel.initNet, copy.kernel.initNet]]);
  for (const from of net.kernel.netns.list) {
    const name = names.get(from);
    const to = name !== undefined ? copy.host(name).ns : (nets.get(from) ?? setupNet(copy.kernel));
    if (typeof to !== 'number') nets.set(from, to);
  }
  return { kernel: copy.kernel, nets, devs: new Map(), notes: [], tasks: [], nodeOf: (from) => names.get(from) ?? `netns ${from.inode}` };
}
