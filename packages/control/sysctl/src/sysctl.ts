/** `struct ctl_table` and the tree under /proc/sys (`fs/proc/proc_sysctl.c`): one per namespace, and one that all of them show. */
import { EACCES, EEXIST, EISDIR, ENOENT } from '@skbuff/uapi';

/** One file, for everybody who has such settings. `T`: whose they are. */
export interface SysctlFile<T> {
  /** What the file shows, newline included; or a negative errno. */
  readonly read: (owner: T) => string | number;
  /** Takes what was written: 0 or a negative errno. Null: nobody may write (mode 0444). */
  readonly write: ((owner: T, text: string) => number) | null;
}

/** The files of a directory by their names. It is made once: a device costs the tree one entry, however many settings it has. */
export type SysctlTable<T> = Readonly<Record<string, SysctlFile<T>>>;

/** `struct ctl_table_header`: a table, with its owner. */
interface CtlTableHeader<T = unknown> {
  readonly table: SysctlTable<T>;
  readonly owner: T;
}

export class SysctlTree {
  /** What was registered for each directory. A device name may hold dots, so the separator is always `/`. */
  private readonly dirs: Map<string, CtlTableHeader[]> = new Map();
  /** What every namespace shows (/proc/sys/kernel …); null in that tree itself. */
  readonly root: SysctlTree | null;
  /** `ctl_table_root.permissions`: whether whoever asks now may write; what knows of users puts its own rule here. */
  mayWrite: () => boolean = () => true;

  constructor(root: SysctlTree | null = null) {
    this.root = root;
  }

  /**
   * `register_net_sysctl`: the undo, or -EEXIST with nothing registered if one of the names is taken. `dir`: without `/proc/sys/`, as
   * `net/ipv4`.
   */
  register<T>(dir: string, table: SysctlTable<T>, owner: T): (() => void) | number {
    const headers = this.dirs.get(dir) ?? [];
    if (headers.some((other) => Object.keys(table).some((name) => Object.hasOwn(other.table, name)))) return -EEXIST;
    const header = { table, owner } as CtlTableHeader;
    this.dirs.set(dir, [...headers, header]);
    return () => {
      const left = (this.dirs.get(dir) ?? []).filter((each) => each !== header);
      if (left.length === 0) this.dirs.delete(dir);
      else this.dirs.set(dir, left);
    };
  }

  /** The text of a file, or -ENOENT, -EISDIR, or what the file says. */
  read(path: string): string | number {
    const name = nameOf(path);
    const header = this.find(path, name) ?? this.root?.find(path, name);
    return header === undefined ? this.missing(path) : (header.table[name] as SysctlFile<unknown>).read(header.owner);
  }

  /** Writes a file at its start: 0, -ENOENT, -EISDIR, -EACCES (read-only, for root too, or not for this user), or what the file says (-EINVAL). */
  write(path: string, text: string): number {
    const name = nameOf(path);
    const header = this.find(path, name);
    if (header === undefined) return this.root?.find(path, name) === undefined ? this.missing(path) : this.root.write(path, text);
    const { write } = header.table[name] as SysctlFile<unknown>;
    return write === null || !this.mayWrite() ? -EACCES : write(header.owner, text);
  }

  /** Paths of the files below a directory (`net/ipv4/conf`), or of all; in the order in which `sysctl -a` shows them. */
  list(dir = ''): readonly string[] {
    const own: string[] = [];
    for (const [path, headers] of this.dirs) {
      if (dir !== '' && path !== dir && !path.startsWith(`${dir}/`)) continue;
      for (const { table } of headers) for (const name of Object.keys(table)) own.push(`${path}/${name}`);
    }
    return (this.root === null ? own : [...own, ...this.root.list(dir)]).sort();
  }

  /** Files of this tree alone. */
  get size(): number {
    let files = 0;
    for (const headers of this.dirs.values()) for (const { table } of headers) files += Object.keys(table).length;
    return files;
  }

  private find(path: string, name: string): CtlTableHeader | undefined {
    return this.dirs.get(path.slice(0, -name.length - 1))?.find(({ table }) => Object.hasOwn(table, name));
  }

  private missing(path: string): number {
    return this.list(path).length > 0 ? -EISDIR : -ENOENT;
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
