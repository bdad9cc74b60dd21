import { describe, expect, it } from 'vitest';
import { useHost } from './support.ts';

const t = useHost();

describe('first light', () => {
  it('routes to its own addresses and to its link', () => {
    t.h.loUp();
    const a = t.h.eth('a', '10.0.0.1/24');
    expect(t.h.get('10.0.0.5')).toBe('10.0.0.1 > 10.0.0.5 dev a');
    expect(t.h.get('10.0.0.1')).toBe('10.0.0.1 > 10.0.0.1 dev lo');
    expect(t.h.input(a, '10.0.0.9', '10.0.0.1')).toBe('ipLocalDeliver dev lo');
  });
});
