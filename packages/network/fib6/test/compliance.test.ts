import { describe, expect, it } from 'vitest';
import { describeFib6Table } from '../src/testing.ts';
import { PlainTable } from './plain-table.ts';

describeFib6Table('a map for each length', () => new PlainTable(), { describe, it, expect });
