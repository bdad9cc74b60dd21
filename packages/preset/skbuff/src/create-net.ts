/** Networks of Linux-like hosts. */
import { createNet as createHostNet, type HostNet, type NetOptions as HostNetOptions } from '@skbuff/hosts';
import { commands, linux } from './linux.ts';

export type NetOptions = Partial<HostNetOptions>;

/** A network whose hosts have the plugins of `linux()` and the commands of `commands()`, unless others are given. */
export function createNet(options: NetOptions = {}): HostNet {
  // What is no object has no options to spread, and is refused as it is.
  return createHostNet(typeof options === 'object' ? { plugins: linux(), commands: commands(), ...options } : options);
}
