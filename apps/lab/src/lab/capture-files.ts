/** One pcapng file per interface, named `node-interface.pcapng`. */
import type { NetDevice } from '@skbuff/core';
import { attachCapture, PcapngWriter } from '@skbuff/pcapng';
import type { Capture } from '../topology/model.ts';
import { CapturePoints } from './capture-points.ts';
import type { CaptureStore } from './capture-store.ts';

export class CaptureFiles extends CapturePoints {
  /** In the order in which they were begun. */
  readonly paths: string[] = [];
  private readonly store: CaptureStore;
  private readonly what: Capture;
  private readonly names: Set<string> = new Set();

  constructor(store: CaptureStore, what: Capture) {
    super();
    this.store = store;
    this.what = what;
  }

  protected override capture(node: string, dev: NetDevice): () => void {
    const file = this.store.create(this.name(`${node}-${dev.name}`.replace(/[^\p{L}\p{N}._@-]/gu, '_')));
    this.paths.push(file.path);
    const detach = attachCapture([dev], new PcapngWriter((bytes) => file.write(bytes)));
    return () => {
      detach();
      file.close();
    };
  }

  protected override wanted(node: string, dev: NetDevice): boolean {
    if (this.what.all) return dev !== dev.net.loopbackDev;
    return this.what.points.some((p) => p.node === node && (p.interface === undefined ? dev !== dev.net.loopbackDev : p.interface === dev.name));
  }

  /** An interface that goes and comes again gets a file of its own. */
  private name(stem: string): string {
    let name = `${stem}.pcapng`;
    for (let n = 2; this.names.has(name); n++) name = `${stem}-${n}.pcapng`;
    this.names.add(name);
    return name;
  }
}
