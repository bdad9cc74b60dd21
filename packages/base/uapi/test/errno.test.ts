import { describe, expect, it } from 'vitest';
import * as errno from '../src/errno.ts';
import * as uapi from '../src/index.ts';

/** Every errno by its name. */
const numbers = Object.entries(errno).filter((entry): entry is [string, number] => /^E[A-Z0-9]+$/.test(entry[0]) && typeof entry[1] === 'number');

describe('errno', () => {
  it('names each number as its constant is called', () => {
    expect(numbers.length).toBeGreaterThan(100);
    for (const [name, number] of numbers) {
      if (name === 'EWOULDBLOCK' || name === 'EDEADLOCK') continue; // second names of EAGAIN and EDEADLK
      expect(uapi.errnoName(number)).toBe(name);
      expect(uapi.errnoName(-number)).toBe(name);
    }
  });

  it('says what perror(3) prints', () => {
    expect(uapi.strerror(uapi.EINVAL)).toBe('Invalid argument');
    expect(uapi.strerror(-uapi.ENETUNREACH)).toBe('Network is unreachable');
    expect(uapi.strerror(0)).toBe('Success');
    expect(uapi.strerror(4000)).toBe('Unknown error 4000');
    expect(uapi.errnoName(4000)).toBe('E4000');
  });
});

describe('flags', () => {
  it('have the numbers that programs see', () => {
    const { IFF_UP, IFF_BROADCAST, IFF_RUNNING, IFF_PROMISC, IFF_ALLMULTI, IFF_MULTICAST, IFF_LOWER_UP, IFF_DORMANT, IFF_ECHO } = uapi;
    expect([IFF_UP, IFF_BROADCAST, IFF_RUNNING, IFF_PROMISC, IFF_ALLMULTI, IFF_MULTICAST, IFF_LOWER_UP, IFF_DORMANT, IFF_ECHO]).toEqual([
      0x1, 0x2, 0x40, 0x100, 0x200, 0x1000, 0x10000, 0x20000, 0x40000,
    ]);
    // What a device with these three shows in sysfs, in decimal.
    expect(IFF_BROADCAST | IFF_ALLMULTI | IFF_MULTICAST).toBe(4610);
  });

  it('tell what the user cannot set', () => {
    expect(uapi.IFF_VOLATILE & (uapi.IFF_UP | uapi.IFF_PROMISC | uapi.IFF_NOARP | uapi.IFF_MULTICAST)).toBe(0);
    expect(uapi.IFF_VOLATILE & uapi.IFF_LOOPBACK).not.toBe(0);
  });
});
