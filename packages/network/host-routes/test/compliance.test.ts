import { ipv4 } from '@skbuff/ipv4';
import { describeRoutingProvider } from '@skbuff/fib/testing';
import { loopback } from '@skbuff/loopback';
import { neighbour } from '@skbuff/neighbour';
import { netlink } from '@skbuff/netlink';
import { procfs } from '@skbuff/procfs';
import { sysctl } from '@skbuff/sysctl';
import { describe, expect, it } from 'vitest';
import { hostRoutes } from '../src/index.ts';

const plugins = [netlink(), sysctl(), procfs(), neighbour(), ipv4(), hostRoutes(), loopback()];
const without = { netlink: 'the gateway is a setting', forwarding: 'it is for hosts', learning: 'it believes no ICMP' };

describeRoutingProvider('host-routes', () => plugins, { describe, it, expect }, without);
