/** Limits of RFC 4861 §6.2.1 and, for mobile nodes, of RFC 6275 §7.5. */
import type { RaConfig } from './config.ts';
import type { Log } from './log.ts';

const MAX_INTERVAL = 1800;
const MAX_REACHABLE_TIME = 3_600_000;
const MAX_DEFAULT_LIFETIME = 9000;
const MAX_HOME_AGENT_LIFETIME = 65_520;
const MIN_LINK_MTU = 1280;

interface Limits {
  readonly min: number;
  readonly max: number;
  readonly delay: number;
}

const LIMITS: Limits = { min: 3, max: 4, delay: 3 };
const MOBILE_LIMITS: Limits = { min: 0.03, max: 0.07, delay: 0.03 };

/** printf(3)'s `%.2f`: what lies in the middle, as eighths may, goes to the even digit. */
function fixed(value: number): string {
  const down = Math.floor(value * 100);
  return Number.isInteger(value * 8) && !Number.isInteger(value * 4) && down % 2 === 0 ? (down / 100).toFixed(2) : value.toFixed(2);
}

export function usesMobileIpv6(c: RaConfig): boolean {
  return c.homeAgentFlag || c.homeAgentInfo || c.intervalOpt;
}

/** What is beyond its limits, a line for each. `mtu`: the device's. */
export function wrongOf(c: RaConfig, mtu: number): string[] {
  const { name } = c;
  const lifetime = c.lifetime;
  const least = Math.max(1, Math.trunc(c.maxInterval));
  const { min, max, delay } = usesMobileIpv6(c) || c.prefixes.some(({ routerAddr }) => routerAddr) ? MOBILE_LIMITS : LIMITS;
  const most = 0.75 * c.maxInterval;
  const wrong: readonly (readonly [boolean, string])[] = [
    [c.min < min || c.min > most, `MinRtrAdvInterval for ${name} (${fixed(c.min)}) must be at least ${fixed(min)} but no more than 3/4 of MaxRtrAdvInterval (${fixed(most)})`],
    [c.maxInterval < max || c.maxInterval > MAX_INTERVAL, `MaxRtrAdvInterval for ${name} (${fixed(c.maxInterval)}) must be between ${fixed(max)} and ${MAX_INTERVAL}`],
    [c.minDelay < delay, `MinDelayBetweenRAs for ${name} (${fixed(c.minDelay)}) must be at least ${fixed(delay)}`],
    [c.linkMtu !== 0 && (c.linkMtu < MIN_LINK_MTU || c.linkMtu > mtu), `AdvLinkMTU for ${name} (${c.linkMtu}) must be zero or between ${MIN_LINK_MTU} and ${mtu}`],
    [c.reachableTime > MAX_REACHABLE_TIME, `AdvReachableTime for ${name} (${c.reachableTime}) must not be greater than ${MAX_REACHABLE_TIME}`],
    [
      lifetime !== 0 && (lifetime < least || lifetime > MAX_DEFAULT_LIFETIME),
      `AdvDefaultLifetime for ${name} (${lifetime}) must be zero or between ${least} and ${MAX_DEFAULT_LIFETIME}`,
    ],
    [
      c.homeAgentInfo && (c.homeLifetime < 1 || c.homeLifetime > MAX_HOME_AGENT_LIFETIME),
      `HomeAgentLifetime for ${name} (${c.homeLifetime}) must be between 1 and ${MAX_HOME_AGENT_LIFETIME}`,
    ],
    [c.homeAgentInfo && !c.homeAgentFlag, `AdvHomeAgentFlag for ${name} must be set with HomeAgentInfo`],
    [c.mobRtrSupport && !c.homeAgentInfo, `AdvHomeAgentInfo for ${name} must be set with AdvMobRtrSupportFlag`],
  ];
  return wrong.filter(([is]) => is).map(([, text]) => text);
}

/** A default route as an option that says of the router what its header does not: hosts would be told both in turn. */
export function warnOfRoutes(c: RaConfig, log: Log): void {
  for (const { prefix, len, lifetime } of c.routes) {
    if (!prefix.isAny() || len !== 0 || (c.lifetime === 0) === (lifetime === 0)) continue;
    log.flog(`route 0::/0 lifetime (${lifetime}) conflicts with AdvDefaultLifetime (${c.lifetime}), default routes will flap!`);
  }
}
