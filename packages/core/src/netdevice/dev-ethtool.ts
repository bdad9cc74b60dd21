/** The door through which a socket asks what `ethtool` asks: whoever answers SIOCETHTOOL stands behind it. */
import { type Net, NetSlot } from '../pernet/net.ts';

/**
 * `dev_ethtool`: carries out the `struct ethtool_…` in `data` for the device of that name, in place. 0, a positive result, or a
 * negative errno. `admin`: the caller has CAP_NET_ADMIN.
 */
export type DevEthtool = (net: Net, name: string, data: Uint8Array, admin: boolean) => number;

/** Who answers SIOCETHTOOL. */
export const devEthtool: NetSlot<DevEthtool> = new NetSlot<DevEthtool>('dev_ethtool');
