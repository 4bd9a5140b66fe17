/**
 * Options of moving tasks, scaling and agents' health that cannot be together, each alone being right.
 * Any thread, on complete options.
 */
import type { AgentHealthOptions, ScalingOptions, StealingOptions } from '../options.ts'

/** A pair of options, and what has to be true of them. */
export interface Pair {
  readonly section: 'stealing' | 'scaling' | 'agentHealth'
  /** The one that is to be changed. */
  readonly option: string
  readonly other: string
  /** The relation that has to hold, in words. */
  readonly words: 'at most' | 'at most one more than' | 'less than'
}

interface Balance {
  stealing: StealingOptions
  scaling: ScalingOptions | null
  agentHealth: AgentHealthOptions | null
}

/** @returns the first pair of each section that cannot be. */
export function impossiblePairs({ stealing, scaling, agentHealth }: Balance): Pair[] {
  const found: Pair[] = []
  if (stealing.idleBelow > stealing.busyAbove + 1) {
    const words = 'at most one more than'
    found.push({ section: 'stealing', option: 'idleBelow', other: 'busyAbove', words })
  }
  if (scaling !== null && scaling.scaleDownAt >= scaling.scaleUpAt) {
    const words = 'less than'
    found.push({ section: 'scaling', option: 'scaleDownAt', other: 'scaleUpAt', words })
  }
  if (scaling !== null && scaling.agentsMin > scaling.agentsMax) {
    found.push({ section: 'scaling', option: 'agentsMin', other: 'agentsMax', words: 'at most' })
  }
  if (agentHealth !== null && agentHealth.quarantineMs > agentHealth.quarantineMaxMs) {
    const [option, other] = ['quarantineMs', 'quarantineMaxMs']
    found.push({ section: 'agentHealth', option, other, words: 'at most' })
  }
  return found
}
