/** What user space sees of IPv6 routing: messages, files, settings. */
import { procCreateNet } from '@skbuff/procfs';
import type { Fib6Control } from './fib6-net.ts';
import { ipv6RouteText, rt6StatsText } from './fib6-proc.ts';
import { fib6RunGc } from './ip6-fib-gc.ts';
import { inet6RtNotify } from './route6-fill.ts';
import { route6SysctlRegister } from './route6-sysctl.ts';

export const fib6Control: Fib6Control = {
  rtNotify: inet6RtNotify,
  netRegister: (state) => [
    procCreateNet(state.net, 'ipv6_route', () => ipv6RouteText(state)),
    procCreateNet(state.net, 'rt6_stats', () => rt6StatsText(state)),
    route6SysctlRegister(state, () => fib6RunGc(state)),
  ],
};
