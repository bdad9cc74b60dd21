/** What links do at moments of their own: get worse, go away, come back. */
import type { ImpairStep, LabLink } from '../topology/model.ts';
import type { LabHost } from './lab-host.ts';

interface Event {
  readonly ns: number;
  readonly apply: (host: LabHost) => void;
}

export interface Schedule {
  /** All of it has happened, or it was stopped. */
  readonly done: Promise<void>;
  stop(): void;
}

/** In the order of time; at one moment in the order of the links. */
function eventsOf(links: readonly LabLink[]): Event[] {
  const events = links.flatMap((link) => [
    ...link.impair.map((step: ImpairStep): Event => ({ ns: step.atNs, apply: (host) => host.impair(link.index, step) })),
    ...link.down.flatMap(({ fromNs, toNs }): Event[] => [
      { ns: fromNs, apply: (host) => host.setLink(link.index, false) },
      { ns: toNs, apply: (host) => host.setLink(link.index, true) },
    ]),
  ]);
  return events.sort((a, b) => a.ns - b.ns);
}

/** Begins the schedules of all links. What is due at once has happened when this returns. `up`: when the lab was up, nanoseconds. */
export function runSchedule(host: LabHost, links: readonly LabLink[], up: number): Schedule {
  const events = eventsOf(links);
  let stopped = false;
  const later = events.findIndex(({ ns }) => ns > 0);
  const now = later < 0 ? events : events.slice(0, later);
  for (const { apply } of now) apply(host);
  const run = async (): Promise<void> => {
    for (const { ns, apply } of events.slice(now.length)) {
      await host.runUntil(up + ns);
      if (stopped) return;
      apply(host);
    }
  };
  return {
    done: run(),
    stop: () => {
      stopped = true;
    },
  };
}
