/** What the daemon says, and where it goes. */
import type { CommandEnv } from '@skbuff/command';

/** `syslog`, `logfile` and `none` are nowhere here: a host has no daemon that takes messages, and no files. */
export type LogMethod = 'none' | 'stderr' | 'stderr_clean';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const NSEC_PER_DAY = 86_400_000_000_000;

export class Log {
  private readonly env: CommandEnv;
  private readonly method: LogMethod;
  /** 0 to 5. */
  private readonly level: number;

  constructor(env: CommandEnv, method: LogMethod, level: number) {
    this.env = env;
    this.method = method;
    this.level = level;
  }

  /** On standard error, whatever the method. */
  print(text: string): void {
    this.env.stderr(`${text}\n`);
  }

  flog(text: string): void {
    if (this.method === 'none') return;
    this.env.stderr(this.method === 'stderr_clean' ? `${text}\n` : `[${this.stamp()}] radvd (${this.env.task.getpid()}): ${text}\n`);
  }

  /** Said from that debugging level on. */
  dlog(level: number, text: string): void {
    if (level <= this.level) this.flog(text);
  }

  /** UTC, the time zone of every host. */
  private stamp(): string {
    const now = this.env.realTime();
    const { month, day } = civil(Math.floor(now / NSEC_PER_DAY));
    const seconds = Math.floor((now % NSEC_PER_DAY) / 1e9);
    return `${MONTHS[month - 1]} ${two(day)} ${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  }
}

const two = (n: number): string => String(n).padStart(2, '0');

/** Month and day of the month of a day that is counted from 1970-01-01. */
function civil(days: number): { readonly month: number; readonly day: number } {
  const dayOfEra = (days + 719468) % 146097;
  const year = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365);
  const dayOfYear = dayOfEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const m = Math.floor((5 * dayOfYear + 2) / 153);
  return { month: m < 10 ? m + 3 : m - 9, day: dayOfYear - Math.floor((153 * m + 2) / 5) + 1 };
}

/** printf(3)'s `%g`. */
export function percentG(value: number): string {
  return String(Number(value.toPrecision(6)));
}
