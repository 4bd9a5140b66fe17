/**
 * What a task will take and come to, as its scene wrote it; and what became of it so far. Any thread.
 *
 * Invariant: an attempt's work follows from the scene, the queue and how often it was tried there, and
 * from nothing else; work that was interrupted goes on from where it was.
 */

import type { NextStage } from '../options.ts'
import { RUNNING, type TaskRecord } from '../policy/task-record.ts'
import { hopsIn, nextOf } from '../rules/next.ts'
import type { CastStage, CastTask } from './cast.ts'
import type { ActBar } from './demo.ts'

/** How an attempt ends. */
export type Ending =
  | { readonly how: 'succeeds'; readonly next: NextStage | null }
  | { readonly how: 'fails'; readonly code: string }
  | { readonly how: 'handed on' }

export interface Given {
  readonly agent: string
  readonly queue: string
  readonly atMs: number
  /** When that agent began; null before. */
  fromMs: number | null
}

/** @returns a bar for each attempt that goes on when the curtain falls. */
export function openBars(plans: ReadonlyMap<TaskRecord, Plan>, nowMs: number): ActBar[] {
  return [...plans].flatMap(([record, { given }]) => {
    if (record.state !== RUNNING || given === null) return []
    const { agent, queue, atMs: givenMs, fromMs } = given
    return [{ agent, task: record.id, queue, givenMs, fromMs, toMs: nowMs }]
  })
}

export class Plan {
  /** Work of this attempt that is left. */
  leftMs = 0
  begunAtMs = 0
  firstStartMs: number | null = null
  /** Who was given it last, out of which queue, and when; null before. */
  given: Given | null = null
  private readonly task: CastTask
  private readonly tries = new Map<string, number>()
  private isInterrupted = false

  constructor(task: CastTask) {
    this.task = task
  }

  /** An attempt begins: its work is `leftMs`. */
  begin(record: TaskRecord, nowMs: number): void {
    const { name } = record.cls!.queue
    if (!this.isInterrupted) {
      const tries = (this.tries.get(name) ?? 0) + 1
      this.tries.set(name, tries)
      this.leftMs = this.takesMs(name, tries)
    }
    this.isInterrupted = false
    this.begunAtMs = nowMs
    this.given!.fromMs = nowMs
    this.firstStartMs ??= nowMs
  }

  /** It goes on elsewhere, later. */
  interrupt(nowMs: number): void {
    this.leftMs -= nowMs - this.begunAtMs
    this.isInterrupted = true
  }

  ending(record: TaskRecord): Ending {
    const { name, options } = record.cls!.queue
    const tries = this.tries.get(name)!
    const stage = this.stageOf(name)
    if (stage === null) {
      const { fails } = this.task
      if (fails !== undefined && tries === 1) return { how: 'fails', code: fails }
      return { how: 'succeeds', next: null }
    }
    const code = stage.fails?.[tries - 1]
    if (code !== undefined) return { how: 'fails', code }
    if (stage.handsOn === true) return { how: 'handed on' }
    const hops = hopsIn(name, record.extras?.stages ?? [])
    return { how: 'succeeds', next: nextOf(options.rules, stage.result ?? {}, hops) }
  }

  private takesMs(queue: string, tries: number): number {
    const takes = this.stageOf(queue)?.takesMs ?? this.task.takesMs
    return typeof takes === 'number' ? takes : takes[Math.min(tries, takes.length) - 1]
  }

  private stageOf(queue: string): CastStage | null {
    const { stages } = this.task
    return stages !== undefined && Object.hasOwn(stages, queue) ? stages[queue] : null
  }
}
