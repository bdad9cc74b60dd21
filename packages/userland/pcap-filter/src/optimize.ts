/**
 * The optimiser. A filter is a graph of questions about values, each asked by a block that loads for itself what it asks for. First the
 * questions: those that earlier answers settle are passed by, and those of one value come together. Then the code: what a register holds
 * already is not loaded again, and constants are worked out. In this order, and no round of the first after the second: programs are
 * compared with those of libpcap 1.10.3, which recognises a question only in the words in which the expression puts it.
 */
import { groupAlternatives } from './chains.ts';
import { type Block, isEnd, textOf } from './emit.ts';
import { type Needs, needs } from './graph.ts';
import { REG_A } from './machine.ts';
import { merge } from './merge.ts';
import { type Question, askShorter, isDecided, questionOf } from './question.ts';
import { reuse } from './reuse.ts';
import { ARITHMETIC } from './rules.ts';
import { shortcut } from './threading.ts';
import { ValueGraph, run } from './values.ts';

export function optimize(root: Block): Block {
  arrange(root);
  const graph = new ValueGraph(ARITHMETIC);
  while (reuse(root, graph));
  return enter(merge(root));
}

/** Puts the questions in their final order. */
function arrange(root: Block): void {
  const needed = needs(root);
  const questions = understand(needed);
  // A block that reads what another one left in a register does so wherever it stands; code is not changed here.
  const movable = (block: Block): boolean => needed.get(block)?.before === 0 && needed.get(block)?.behind === 0;
  // Each round has its reason in the one before it; that they come to an end is not proved, so they are counted.
  for (let rounds = needed.size; rounds > 0; rounds--) {
    const shorter = shortcut(root, questions);
    if (!groupAlternatives(root, questions, movable) && !shorter) return;
  }
}

/** What every block asks, as shortly as can be said without working anything out. No value is taken from one block to another. */
function understand(needed: ReadonlyMap<Block, Needs>): Map<Block, Question> {
  const graph = new ValueGraph([]);
  const questions = new Map<Block, Question>();
  for (const [block, { behind }] of needed) {
    if (isEnd(block)) continue;
    const before = graph.unknown();
    for (let text = ''; text !== textOf(block); ) {
      text = textOf(block);
      askShorter(block, run(graph, before, block.stmts), (behind & (1 << REG_A)) !== 0);
    }
    questions.set(block, questionOf(graph, block, run(graph, before, block.stmts)));
  }
  return questions;
}

/** Questions at the beginning that turned out to be none are left out. The first one's code stays, as in libpcap, unless the program ends there. */
function enter(root: Block): Block {
  let block = root;
  while (isDecided(block)) block = block.yes as Block;
  if (block !== root && !isEnd(block)) block.stmts = [...root.stmts, ...block.stmts];
  return block;
}
