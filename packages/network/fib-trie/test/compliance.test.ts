import { describeFibTable } from '@skbuff/fib/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FibTrie } from '../src/index.ts';
import { LinearTable } from './linear-table.ts';

const tools = { describe, it, expect, fc };

describeFibTable('FibTrie', () => new FibTrie(), tools);
describeFibTable('a linear list', () => new LinearTable(), tools);
