/** What exec lines have written with `echo … > FILE`, for the commands of the same node: in memory, as long as the lab lives. */
import { ENOENT, EROFS } from '@skbuff/uapi';
import type { Files } from 'skbuff';

/** There is no file of a node; the kernel's are not written like this. */
const NO_FILE = /^\/(proc|sys|dev)(\/|$)/;

export class NodeFiles {
  private readonly nodes: Map<string, Map<string, string>> = new Map();

  /** False: nothing can be written there. */
  write(node: string, path: string, text: string, append: boolean): boolean {
    if (NO_FILE.test(path)) return false;
    const files = this.nodes.get(node) ?? new Map<string, string>();
    this.nodes.set(node, files.set(path, (append ? (files.get(path) ?? '') : '') + text));
    return true;
  }

  /** As a command of the node sees them. */
  of(node: string): Files {
    const read = (path: string): string | number => this.nodes.get(node)?.get(path) ?? -ENOENT;
    return {
      readText: read,
      readBytes(path) {
        const text = read(path);
        return typeof text === 'number' ? text : Uint8Array.from(text, (c) => c.charCodeAt(0));
      },
      create: () => -EROFS,
    };
  }
}
