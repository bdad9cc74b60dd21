/** Opens the door for SIOCETHTOOL in every namespace. */
import { devEthtool, type Plugin } from '@skbuff/core';
import { ethtoolIoctl } from './ioctl.ts';

export function ethtool(): Plugin {
  return {
    name: '@skbuff/ethtool',
    init: (ctx) =>
      ctx.pernetSubsys({
        name: 'ethtool',
        init(net) {
          devEthtool.set(net, ethtoolIoctl);
          return 0;
        },
        exit: (net) => devEthtool.set(net, null),
      }),
  };
}
