/**
 * Whether those who work can keep the promise to those who wait, by arithmetic: what stands in line
 * starts in rounds, as many at a time as there are places, each round as long as an attempt takes.
 * Pure.
 *
 * It leaves out what runs already and what will still come, so it errs on the hopeful side: what
 * it calls impossible is impossible. Not taken: a queueing model, whose answer nobody could check by
 * hand.
 */
import type { SlaClock } from '../options.ts'
import type { Feasibility } from '../promise-views.ts'
import { countWords, percentWords, spanWords } from './words.ts'

/** 0.07 of 100 tasks is 7.000000000000001 in binary. */
const ROUNDING = 1e-9

export interface Staff {
  /** Waiting now. */
  tasks: number
  /** Attempts that can run at a time. */
  places: number
  /** How long one takes. */
  meanMs: number
  targetMs: number
  /** Share of tasks that is to keep the promise. */
  goal: number
  /** Whether it is kept by beginning or by ending in time. */
  clock: SlaClock
}

export function feasibilityOf(staff: Staff): Feasibility {
  const { tasks, places, meanMs, targetMs, goal, clock } = staff
  const inTimeEach = inTimeOfOnePlace(staff)
  const inTime = Math.min(tasks, places * inTimeEach)
  const wanted = tasks === 0 ? 0 : Math.min(tasks, Math.ceil(goal * tasks - ROUNDING))
  const feasible = inTime >= wanted
  const attainable = tasks === 0 ? 1 : inTime / tasks
  const placesNeeded = inTimeEach === 0 ? 0 : Math.ceil(wanted / inTimeEach)
  const does = inTime === 1 ? 'begins' : 'begin'
  const verb = clock === 'assigned' ? does : inTime === 1 ? 'ends' : 'end'
  const head = `${countWords(tasks, 'task')}, ${countWords(places, 'place')}, ${spanWords(meanMs)} each`
  const share = `${inTime} of ${tasks} (${percentWords(attainable)})`
  const promised = `${percentWords(goal)} are promised`
  const arithmetic = `${head}: ${share} ${verb} within ${spanWords(targetMs)}, ${promised}`
  return {
    feasible,
    arithmetic:
      tasks === 0
        ? 'No task waits.'
        : `${arithmetic}${feasible ? '' : adviceOf(wanted, inTimeEach, placesNeeded)}.`,
    tasks,
    places,
    meanMs,
    targetMs,
    attainable,
    placesNeeded,
  }
}

/** @returns how many tasks one place begins (or ends) within the target, one behind the other. */
function inTimeOfOnePlace({ meanMs, targetMs, clock }: Staff): number {
  if (meanMs <= 0) return Number.MAX_SAFE_INTEGER
  const whole = Math.floor(targetMs / meanMs + ROUNDING)
  // The first begins at once.
  return clock === 'assigned' ? whole + 1 : whole
}

function adviceOf(wanted: number, inTimeEach: number, placesNeeded: number): string {
  if (inTimeEach === 0) return '; no number of places would do, since one task alone takes longer'
  return `; ${countWords(placesNeeded, 'place')} would do, for ${wanted} in time`
}
