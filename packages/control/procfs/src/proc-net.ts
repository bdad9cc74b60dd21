/** Files under /proc/net (`fs/proc/proc_net.c`), one tree per namespace. They are made when they are read. */
import { EEXIST, EISDIR, ENOENT } from '@skbuff/uapi';

/** Makes the whole text of a file. */
export type ProcShow = () => string;

export class ProcNet {
  private readonly files: Map<string, ProcShow> = new Map();

  /** `proc_create_net`: `path` is below /proc/net (`snmp`, `stat/arp_cache`). The undo, or -EEXIST. */
  create(path: string, show: ProcShow): (() => void) | number {
    if (this.files.has(path)) return -EEXIST;
    this.files.set(path, show);
    return () => {
      if (this.files.get(path) === show) this.files.delete(path);
    };
  }

  /** The text of a file, or -ENOENT, -EISDIR. */
  read(path: string): string | number {
    const show = this.files.get(path);
    if (show !== undefined) return show();
    return this.list(path).length > 0 ? -EISDIR : -ENOENT;
  }

  /** Paths of the files below a directory, or of all, sorted. */
  list(dir = ''): readonly string[] {
    const prefix = dir === '' ? '' : `${dir}/`;
    return [...this.files.keys()].filter((path) => path.startsWith(prefix)).sort();
  }

  get size(): number {
    return this.files.size;
  }
}
