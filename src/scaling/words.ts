/**
 * What is advised, and why, in one sentence: `add 2 agents with ocr: predicted wait 41 s, SLA 30 s; 3
 * generalists idle`. Pure functions.
 *
 * Invariant: the first words are the verdict with its number, and whatever follows the colon is the
 * arithmetic behind it, in the units of the options.
 */
import { countWords, percentWords, spanWords } from '../health/words.ts'

export interface Facts {
  requires: readonly string[]
  agents: number
  /** As advised, within bounds. */
  desired: number
  /** As needed now, without bounds; and as needed before bounds, where they decide. */
  need: number
  agentsMin: number
  agentsMax: number
  places: number
  /** Share of the places in use, and that will be. */
  utilization: number
  offered: number
  waiting: number
  serviceMs: number | null
  predictedWaitMs: number | null
  slaMs: number | null
  /** The SLA is one of ending, not of beginning. */
  isOfEnd: boolean
  /** The SLA is one of ending, and one task alone takes longer. */
  isHopeless: boolean
  /** An agent's start takes longer than the SLA, so that one is kept. */
  isKeptReady: boolean
  /** Nothing of the queue is given out. */
  isPaused: boolean
  /** Wait of the oldest task that waits, so far. */
  oldestMs: number
  /** What the queue may have in hand at a time, where that is what it waits for; else 0. */
  concurrency: number
  scaleUpAt: number
  downAfterMs: number
  /** Agents of the queue that cannot do it and have nothing to do. */
  idleOthers: number
  /** Places of its agents that other work needs. */
  elsewhere: number
}

export function reasonOf(facts: Facts): string {
  return [`${headOf(facts)}: ${whyOf(facts)}`, ...besides(facts)].join('; ')
}

function headOf({ requires, agents, desired }: Facts): string {
  const count = desired === agents ? agents : Math.abs(desired - agents)
  const verb = desired === agents ? 'keep' : desired > agents ? 'add' : 'remove'
  const able = requires.length === 0 ? '' : ` with ${requires.join(' and ')}`
  return `${verb} ${countWords(count, 'agent')}${able}`
}

function whyOf(facts: Facts): string {
  const { agents, desired, isKeptReady, slaMs, waiting, need, downAfterMs } = facts
  if (facts.isPaused) return 'the queue is paused'
  if (desired > agents) return whyMore(facts)
  if (desired < agents) {
    if (facts.places > 0 && (facts.utilization > 0 || facts.offered >= 0.01)) {
      return `${useWords(facts)} for ${spanWords(downAfterMs)}`
    }
    return `no task for ${spanWords(downAfterMs)}`
  }
  if (agents === 0) return 'nothing is to be done'
  if (need > agents && desired < need) return stateWords(facts)
  if (isKeptReady && need <= 1 && waiting === 0) {
    return `an agent starts more slowly than the SLA of ${spanWords(slaMs!)} allows`
  }
  return stateWords(facts)
}

function whyMore(facts: Facts): string {
  const { agents, places, waiting, need, downAfterMs, isKeptReady, slaMs, agentsMin } = facts
  const { desired } = facts
  if (places === 0 && waiting > 0) {
    return `${waitWords(waiting)} and nobody can do ${waiting === 1 ? 'it' : 'them'}`
  }
  if (need > agents) return stateWords(facts)
  if (isKeptReady && desired === 1) {
    return `an agent starts more slowly than the SLA of ${spanWords(slaMs!)} allows`
  }
  if (desired === agentsMin) return `agents_min is ${agentsMin}`
  return `so many were needed within the last ${spanWords(downAfterMs)}`
}

/** How it is: the wait that is to be expected where one is promised, else the use of the places. */
function stateWords(facts: Facts): string {
  const { predictedWaitMs, slaMs, places, offered, utilization, scaleUpAt, waiting } = facts
  const { isOfEnd, serviceMs } = facts
  if (slaMs !== null && predictedWaitMs !== null) {
    if (isOfEnd) {
      const endMs = roundedMs(predictedWaitMs + (serviceMs ?? 0))
      return `predicted end after ${spanWords(endMs)}, SLA ${spanWords(slaMs)}`
    }
    return `predicted wait ${spanWords(roundedMs(predictedWaitMs))}, SLA ${spanWords(slaMs)}`
  }
  if (places === 0) return 'nobody is there'
  if (facts.need <= facts.agents) return useWords(facts)
  const bound = `above ${percent(scaleUpAt)}`
  if (utilization > scaleUpAt) {
    return `${useWords(facts)}${waiting === 0 ? '' : ` and ${waitWords(waiting)}`}, ${bound}`
  }
  if (offered > scaleUpAt * places) {
    return `arrivals fill ${percent(offered / places)} of ${countWords(places, 'place')}, ${bound}`
  }
  return `${waitWords(waiting)} for ${countWords(places, 'place')}`
}

function waitWords(waiting: number): string {
  return `${countWords(waiting, 'task')} ${waiting === 1 ? 'waits' : 'wait'}`
}

function useWords({ utilization, places }: Facts): string {
  return `${percent(utilization)} of ${countWords(places, 'place')} in use`
}

function* besides(facts: Facts): Iterable<string> {
  const { agents, desired, need, agentsMax, idleOthers, elsewhere, isHopeless } = facts
  if (isHopeless) {
    const { serviceMs, slaMs } = facts
    yield `no number of agents keeps the SLA of ${spanWords(slaMs!)}, one task alone takes ${spanWords(serviceMs!)}`
  }
  if (facts.slaMs !== null && facts.oldestMs > facts.slaMs) {
    yield `the oldest task has waited for ${spanWords(roundedMs(facts.oldestMs))}`
  }
  if (facts.concurrency > 0) {
    yield `more would not help, the queue runs ${countWords(facts.concurrency, 'task')} at a time`
  }
  if (need > agentsMax && desired === agentsMax) {
    yield `${need.toLocaleString('en-US')} are needed, agents_max is ${agentsMax}`
  }
  if (desired > agents && idleOthers > 0) yield `${countWords(idleOthers, 'generalist')} idle`
  if (desired >= agents && elsewhere >= 1) {
    yield `${countWords(Math.round(elsewhere), 'place')} of theirs needed for other work`
  }
}

/** A wait of 41,234 ms is 41 s: it is an estimate. */
function roundedMs(ms: number): number {
  const unit = ms < 1_000 ? 1 : ms < 120_000 ? 1_000 : 60_000
  return Math.round(ms / unit) * unit
}

function percent(share: number): string {
  return percentWords(Math.round(share * 100) / 100)
}
