/** One block for all that say the same and go on to the same. */
import { type Block, blockOrder, textOf } from './emit.ts';

export function merge(root: Block): Block {
  const kept = new Map<string, Block>();
  const ids = new Map<Block, number>();
  const standIn = new Map<Block, Block>();
  const settled = (to: Block | null): Block | null => (to === null ? null : (standIn.get(to) as Block));
  // From the end: what a block leads to is settled before it.
  for (const block of blockOrder(root).reverse()) {
    block.yes = settled(block.yes);
    block.no = settled(block.no);
    const key = [textOf(block), ...[block.yes, block.no].map((to) => (to === null ? '' : ids.get(to)))].join(' ');
    const same = kept.get(key) ?? block;
    kept.set(key, same);
    standIn.set(block, same);
    if (same === block) ids.set(block, ids.size);
  }
  return standIn.get(root) as Block;
}
