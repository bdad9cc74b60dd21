/** `struct ctl_table` and the tree under /proc/sys (`fs/proc/proc_sysctl.c`): one per namespace, and one that all of them show. */
import { EACCES, EEXIST, EISDIR, ENOENT } from '@skbuff/uapi';

/** One file. All members are present, so that all entries have one shape. */
export interface SysctlEntry {
  /** Without `/proc/sys/`: `net/ipv4/ip_forward`. A device name may hold dots, so the separator is always `/`. */
  readonly path: string;
  /** What the file shows, newline included; or a negative errno. */
  readonly read: () => string | number;
  /** Takes what was written: 0 or a negative errno. Null: nobody may write (mode 0444). */
  readonly write: ((text: string) => number) | null;
}

export class SysctlTree {
  private readonly entries: Map<string, SysctlEntry> = new Map();
  /** What every namespace shows (/proc/sys/kernel …); null in that tree itself. */
  readonly root: SysctlTree | null;
  /** `ctl_table_root.permissions`: whether whoever asks now may write; what knows of users puts its own rule here. */
  mayWrite: () => boolean = () => true;

  constructor(root: SysctlTree | null = null) {
    this.root = root;
  }

  /** `register_net_sysctl`: the undo, or -EEXIST with nothing registered if one of the paths is taken. */
  register(entries: readonly SysctlEntry[]): (() => void) | number {
    if (entries.some(({ path }) => this.entries.has(path))) return -EEXIST;
    for (const entry of entries) this.entries.set(entry.path, entry);
    return () => {
      for (const entry of entries) if (this.entries.get(entry.path) === entry) this.entries.delete(entry.path);
    };
  }

  /** The text of a file, or -ENOENT, -EISDIR, or what the entry says. */
  read(path: string): string | number {
    const entry = this.find(path);
    return entry === undefined ? this.missing(path) : entry.read();
  }

  /** Writes a file at its start: 0, -ENOENT, -EISDIR, -EACCES (read-only, for root too, or not for this user), or what the entry says (-EINVAL). */
  write(path: string, text: string): number {
    const entry = this.entries.get(path);
    if (entry === undefined) return this.root?.find(path) === undefined ? this.missing(path) : this.root.write(path, text);
    return entry.write === null || !this.mayWrite() ? -EACCES : entry.write(text);
  }

  /** Paths of the files below a directory (`net/ipv4/conf`), or of all; in the order in which `sysctl -a` shows them. */
  list(dir = ''): readonly string[] {
    const prefix = dir === '' ? '' : `${dir}/`;
    const own = [...this.entries.keys()].filter((path) => path.startsWith(prefix));
    return (this.root === null ? own : [...own, ...this.root.list(dir)]).sort();
  }

  /** Files of this tree alone. */
  get size(): number {
    return this.entries.size;
  }

  private find(path: string): SysctlEntry | undefined {
    return this.entries.get(path) ?? this.root?.find(path);
  }

  private missing(path: string): number {
    return this.list(path).length > 0 ? -EISDIR : -ENOENT;
  }
}
