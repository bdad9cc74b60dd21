/** The plugin. */
import type { ModuleContext, Plugin } from '@skbuff/core';
import { type Inet6Dev, IPV6, snmp6RegisterDev, snmp6UnregisterDev } from '@skbuff/ipv6';
import { addrconfControlRegister } from './addrconf-control.ts';
import { addrconfDadFailure, addrconfDadWork } from './addrconf-dad.ts';
import { inet6IfinfoNotify } from './addrconf-fill.ts';
import { addrconfJoinSolict, addrconfLeaveSolict } from './addrconf-ifa.ts';
import { addrconfIoctl } from './addrconf-ioctl.ts';
import { addrconfNet } from './addrconf-net.ts';
import { inet6NetconfNotifyDevconf } from './addrconf-netconf.ts';
import { addrconfNotify } from './addrconf-notify.ts';
import { addrconfPrefixRcv } from './addrconf-prefix.ts';
import { AddrconfRandom } from './addrconf-random.ts';
import { addrconfSysctlRegister, addrconfSysctlUnregister } from './addrconf-sysctl.ts';
import { addrconfVerifyRtnl } from './addrconf-verify.ts';
import { DelayedWork } from './delayed-work.ts';

/** Loads address configuration: devices take part in IPv6, and get addresses. */
export function addrconf(): Plugin {
  return { name: '@skbuff/addrconf', requires: ['@skbuff/ipv6'], init };
}

/** `addrconf_init`. */
function init(ctx: ModuleContext): void {
  const ip = ctx.get(IPV6);
  const random = new AddrconfRandom(ctx.kernel.random.fork('addrconf'));
  ctx.pernetSubsys({
    name: 'addrconf',
    init(net) {
      addrconfNet.set(net, {
        random,
        checkWork: new DelayedWork(net.kernel, () => addrconfVerifyRtnl(net), true),
        dadWork: addrconfDadWork,
        filesRegister,
        filesUnregister,
      });
      return 0;
    },
    exit(net) {
      addrconfNet.of(net).checkWork.cancel();
      addrconfNet.set(net, null);
    },
  });
  ip.addrconf = {
    prefixRcv: addrconfPrefixRcv,
    dadFailure: addrconfDadFailure,
    joinSolict: addrconfJoinSolict,
    leaveSolict: addrconfLeaveSolict,
    ifinfoNotify: inet6IfinfoNotify,
    netconfNotify: inet6NetconfNotifyDevconf,
    ioctl: addrconfIoctl,
  };
  ctx.onUnload(() => {
    ip.addrconf = null;
  });
  addrconfControlRegister(ctx);
  ctx.netdeviceNotifier({ notifierCall: (_nb, event, info) => addrconfNotify(event, info) });
}

function filesRegister(idev: Inet6Dev): number {
  const err = addrconfSysctlRegister(idev);
  if (err === 0) snmp6RegisterDev(idev);
  return err;
}

function filesUnregister(idev: Inet6Dev): void {
  snmp6UnregisterDev(idev);
  addrconfSysctlUnregister(idev);
}
