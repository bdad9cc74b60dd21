/** /proc/net/anycast6 (`ac6_seq_ops` in `net/ipv6/anycast.c`). */
import { type ModuleContext, type Net, pernetUndo } from '@skbuff/core';
import { procCreateNet } from '@skbuff/procfs';
import { in6DevGet } from './if-inet6.ts';

/** `ac6_proc_init`: the file of each namespace. */
export function anycastProcRegister(ctx: ModuleContext): void {
  pernetUndo(ctx, 'anycast6', (net) => [procCreateNet(net, 'anycast6', () => show(net))]);
}

/** `ac6_seq_show`: index, name, address, users. */
function show(net: Net): string {
  const lines = net.devList.flatMap((dev) =>
    (in6DevGet(dev)?.acList ?? []).map(
      ({ addr, users }) => `${String(dev.ifindex).padEnd(4)} ${dev.name.padEnd(15)} ${addr.toHex()} ${String(users).padStart(5)}\n`,
    ),
  );
  return lines.join('');
}
