/** What is attacked: two hosts and a router with sockets open, of one IP version. */
import type { NetDevice, Random } from '@skbuff/core';
import type { Task } from '@skbuff/sock';
import type { Host } from 'skbuff';

/** Frames for the device with the address `mac`, mostly. */
export interface FrameSource {
  next(mac: Uint8Array): Uint8Array;
}

/**
 *     a eth0 ── eth0 r eth1 ── eth0 b          frames come in at a, r and b
 */
export interface Scene {
  readonly what: string;
  /** Addresses, routes, settings. */
  readonly configure: (a: Host, r: Host, b: Host) => void;
  /** Opens sockets; those that are to be read. */
  readonly open: (task: Task) => readonly number[];
  readonly frames: (random: Random, devices: readonly NetDevice[]) => FrameSource;
  /** How many destinations a host knows something special of (path MTU, redirect): a flood must not make more than a limit for each route. */
  readonly learned: (host: Host) => number;
  /** The address of b that a must reach in the end. */
  readonly reached: string;
}

/** A socket with options that are all right; throws. */
export function openSocket(task: Task, family: number, type: number, protocol: number, options: readonly (readonly [number, number, number | Uint8Array])[]): number {
  const fd = task.socket(family, type, protocol);
  if (fd < 0) throw new Error(`socket: ${fd}`);
  for (const [level, name, value] of options) {
    const err = task.setsockopt(fd, level, name, value);
    if (err < 0) throw new Error(`setsockopt ${level} ${name}: ${err}`);
  }
  return fd;
}

export const PORTS: readonly number[] = [53, 1000, 2000, 2001, 4000, 0, 65535];
