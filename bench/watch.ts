/**
 * What a part costs while it works: CPU by thread, allocation, collection and, if asked, stages.
 *
 * Runs on: the process of a part. Invariant: everything is read around the measured part only, by
 * the part itself when it is asked to `begin` and to `end`.
 *
 * Collections are told in time of the clock, which on busy cores holds the time in which the thread,
 * or a helper that it waits for, has no core. So their share is taken of the time in which the thread
 * was not idle, by the same clock, and not of its CPU time.
 */
import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import { AllocationWatch } from './allocation.ts'
import type { Parameters, Values } from './harness.ts'
import { STAGE_NAMES, StageProfile } from './stages.ts'
import { startPoolThreads, ThreadCpu } from './threads.ts'

const KINDS = ['main', 'routers', 'runtime']

export class Watch {
  readonly #threads = new ThreadCpu()
  readonly #allocation = new AllocationWatch()
  #profile: StageProfile | null = null
  #before: Record<string, number> = {}
  #busyBefore: EventLoopUtilization = performance.eventLoopUtilization()

  /** To be called before the part starts threads. */
  async open(): Promise<void> {
    await startPoolThreads()
    this.#threads.name('runtime')
  }

  /** What was started since `open` are the part's own threads. */
  started(kind: string): void {
    this.#threads.name(kind)
  }

  readonly handlers = {
    begin: async ({ isProfiled }: Parameters): Promise<Values> => {
      this.#profile = isProfiled === 1 ? new StageProfile() : null
      await this.#profile?.start()
      this.#allocation.start()
      this.#busyBefore = performance.eventLoopUtilization()
      this.#before = this.#threads.readUs(...KINDS)
      return {}
    },
    end: async (): Promise<Values> => {
      const after = this.#threads.readUs(...KINDS)
      const { active, utilization } = performance.eventLoopUtilization(this.#busyBefore)
      const { bytes, gcMs, collections } = this.#allocation.stop()
      const shares = (await this.#profile?.stop()) ?? {}
      const took = (kind: string) => after[kind] - this.#before[kind]
      return {
        mainUs: took('main'),
        routersUs: took('routers'),
        runtimeUs: took('runtime') + took('others'),
        allocatedBytes: bytes,
        gcMs,
        collections,
        busyShare: utilization,
        gcShare: gcMs / active,
        ...Object.fromEntries(
          STAGE_NAMES.filter((stage) => stage in shares).map((stage) => [
            `share-${stage}`,
            shares[stage],
          ]),
        ),
      }
    },
  }
}
