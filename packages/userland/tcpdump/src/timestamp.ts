/** Times in front of lines. Times are of the zone UTC. */
const SECOND = 1_000_000_000n;
const DAY = 86_400n;

export interface StampOptions {
  /** How often -t was given. */
  readonly tflag: number;
  readonly nanoseconds: boolean;
}

export class Stamps {
  private readonly options: StampOptions;
  private first: bigint | null = null;
  private last: bigint | null = null;

  constructor(options: StampOptions) {
    this.options = options;
  }

  /** The text for a packet of this time, nanoseconds since 1970. */
  of(time: bigint): string {
    const { tflag } = this.options;
    if (tflag === 1) return '';
    if (tflag === 2) return `${time / SECOND}.${this.fraction(time)} `;
    if (tflag === 3 || tflag === 5) return this.delta(time);
    const clock = `${clockText(time / SECOND)}.${this.fraction(time)} `;
    return tflag === 4 ? `${dateText(time / SECOND)} ${clock}` : clock;
  }

  private fraction(time: bigint): string {
    const ns = String(time % SECOND).padStart(9, '0');
    return this.options.nanoseconds ? ns : ns.slice(0, 6);
  }

  /** Since the packet before (-ttt), or the first (-ttttt). */
  private delta(time: bigint): string {
    this.first ??= time;
    const from = this.options.tflag === 5 ? this.first : (this.last ?? time);
    this.last = time;
    const passed = time - from;
    const plain = passed < 0n ? -passed : passed;
    return `${passed < 0n ? '-' : ' '}${clockText(plain / SECOND, true)}.${this.fraction(plain)} `;
  }
}

function clockText(seconds: bigint, whole = false): string {
  const s = Number(whole ? seconds : seconds % DAY);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Days since 1970 to a date (Howard Hinnant's civil_from_days). */
function civil(days: bigint): Day {
  const z = Number(days) + 719468;
  const era = Math.floor(z / 146097);
  const doe = z - era * 146097;
  const yoe = Math.floor((doe - Math.floor(doe / 1460) + Math.floor(doe / 36524) - Math.floor(doe / 146096)) / 365);
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100));
  const mp = Math.floor((5 * doy + 2) / 153);
  const month = mp < 10 ? mp + 3 : mp - 9;
  return { year: yoe + era * 400 + (month <= 2 ? 1 : 0), month, day: doy - Math.floor((153 * mp + 2) / 5) + 1 };
}

function dateText(seconds: bigint): string {
  return strftime('%Y-%m-%d', seconds);
}

/** strftime(3), as far as it has numbers: `%Y %y %m %d %H %M %S %s %j %F %T %%`; other letters stay as they are. */
export function strftime(format: string, seconds: bigint): string {
  const { year, month, day } = civil(seconds / DAY);
  const two = (n: number): string => String(n).padStart(2, '0');
  const [H, M, S] = clockText(seconds).split(':') as [string, string, string];
  const Y = String(year).padStart(4, '0');
  // The first of January is day 1 of its year.
  const dayOfYear = Number(seconds / DAY) - daysBefore(year) + 1;
  const values = new Map(Object.entries({ Y, y: Y.slice(-2), m: two(month), d: two(day), H, M, S, s: String(seconds), j: String(dayOfYear).padStart(3, '0'), F: `${Y}-${two(month)}-${two(day)}`, T: `${H}:${M}:${S}`, '%': '%' }));
  return format.replace(/%(.)/gs, (all, letter: string) => values.get(letter) ?? all);
}

/** From 1970 to the beginning of a year. */
function daysBefore(year: number): number {
  const y = year - 1;
  const leaps = (n: number): number => Math.floor(n / 4) - Math.floor(n / 100) + Math.floor(n / 400);
  return (year - 1970) * 365 + leaps(y) - leaps(1969);
}
