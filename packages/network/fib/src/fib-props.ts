/** What a route type means for a lookup (`fib_props`): the errno it ends with, and the narrowest destination it may have. */
import {
  EACCES,
  EAGAIN,
  EHOSTUNREACH,
  EINVAL,
  RT_SCOPE_HOST,
  RT_SCOPE_LINK,
  RT_SCOPE_NOWHERE,
  RT_SCOPE_UNIVERSE,
} from '@skbuff/uapi';

/** Indexed by RTN_*: 0, or the negative errno that a lookup returns when it ends at such a route. */
export const FIB_PROPS_ERROR: readonly number[] = [
  0, // UNSPEC
  0, // UNICAST
  0, // LOCAL
  0, // BROADCAST
  0, // ANYCAST
  0, // MULTICAST
  -EINVAL, // BLACKHOLE
  -EHOSTUNREACH, // UNREACHABLE
  -EACCES, // PROHIBIT
  -EAGAIN, // THROW: go on in the next table
  -EINVAL, // NAT
  -EINVAL, // XRESOLVE
];

/** Indexed by RTN_*: the smallest RT_SCOPE_* that a route of the type may be given. */
export const FIB_PROPS_SCOPE: readonly number[] = [
  RT_SCOPE_NOWHERE,
  RT_SCOPE_UNIVERSE,
  RT_SCOPE_HOST,
  RT_SCOPE_LINK,
  RT_SCOPE_LINK,
  RT_SCOPE_UNIVERSE,
  RT_SCOPE_UNIVERSE,
  RT_SCOPE_UNIVERSE,
  RT_SCOPE_UNIVERSE,
  RT_SCOPE_UNIVERSE,
  RT_SCOPE_NOWHERE,
  RT_SCOPE_NOWHERE,
];

/** Names of the types as /proc/net/fib_trie prints them. */
export const FIB_TYPE_NAMES: readonly string[] = [
  'UNSPEC',
  'UNICAST',
  'LOCAL',
  'BROADCAST',
  'ANYCAST',
  'MULTICAST',
  'BLACKHOLE',
  'UNREACHABLE',
  'PROHIBIT',
  'THROW',
  'NAT',
  'XRESOLVE',
];
