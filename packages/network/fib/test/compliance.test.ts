import { ipv4 } from '@skbuff/ipv4';
import { loopback } from '@skbuff/loopback';
import { neighbour } from '@skbuff/neighbour';
import { netlink } from '@skbuff/netlink';
import { procfs } from '@skbuff/procfs';
import { sysctl } from '@skbuff/sysctl';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fib } from '../src/index.ts';
import { describeFibTable, describeRoutingProvider } from '../src/testing.ts';
import { PlainTable } from './plain-table.ts';

const table = (): PlainTable => new PlainTable();

describeFibTable('PlainTable', table, { describe, it, expect, fc });
describeRoutingProvider('the FIB', () => [netlink(), sysctl(), procfs(), neighbour(), ipv4(), fib({ table }), loopback()], { describe, it, expect });
