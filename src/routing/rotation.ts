/**
 * Where each class's rotation stands: who is asked first, and so wins among equals.
 *
 * Runs on: front end and routers; each strategy has its own.
 * Invariant: a class's next choice starts behind the agent of its last one; its first starts at the
 * chooser's phase.
 *
 * Not taken: one cursor for all classes. Two classes that take turns would each see every second
 * agent only.
 */
import type { Candidates } from './candidates.ts'
import type { StrategyContext } from './strategy.ts'

/** A class whose rotation has not begun. */
const UNSTARTED = -1

/** A cursor for each class. */
export class Rotation {
  /** Int32Array[classCountMax]: where the next search starts, or UNSTARTED. */
  private readonly cursors: Int32Array
  private readonly phase: number

  constructor(context: StrategyContext) {
    this.cursors = new Int32Array(context.classCountMax).fill(UNSTARTED)
    this.phase = context.phase
  }

  /** @returns the agent index to start from; it need not be a candidate. */
  from(classIndex: number, candidates: Candidates): number {
    const cursor = this.cursors[classIndex]
    return cursor === UNSTARTED ? Math.floor(this.phase * candidates.limit) : cursor
  }

  /** Goes on behind an agent that had its turn. */
  pass(classIndex: number, agent: number): void {
    this.cursors[classIndex] = agent + 1
  }
}
