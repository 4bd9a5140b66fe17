/** What a core ought to offer next, by a look at everything. */
import type { AgentTableWriter, SlotTableWriter } from '../../native-free/index.ts'
import type { RecordedCore } from '../../src/journal/recorder.ts'
import { isBefore } from '../../src/policy/head-heap.ts'
import type { TaskRecord } from '../../src/policy/task-record.ts'

export { checkInvariants, expectedOffer } from '../policy/invariants.ts'

type Told = Pick<TaskRecord, 'seq' | 'state'>

/** A core with what test/policy/invariants.ts looks at besides. */
export interface Watched {
  readonly core: RecordedCore
  readonly table: AgentTableWriter
  readonly slots: SlotTableWriter
  /** Policy time of the last call. */
  readonly nowMs: number
  /** Told of, as it was then: its record may be another task's by now. */
  readonly effects: {
    readonly outcomes: Told[]
    readonly forgot: Told[]
    /** As many as there were; of attempts that ended those that were handed back. */
    readonly steals: null[]
    readonly recalls: null[]
    readonly ends: { how: 'recalled' }[]
  }
}

/** @returns the best of the bounced heads that somebody could take. */
export function bouncedHead({ core }: Watched): TaskRecord | null {
  if (core.freeSlots.size === 0) return null
  let best: TaskRecord | null = null
  for (const cls of core.classes) {
    const head = cls.placeableHead()
    if (head === null || !head.bounced || cls.free <= 0) continue
    if (core.totalFree + (cls.early ? core.totalPlaces : 0) <= 0) continue
    if (best === null || isBefore(head, best)) best = head
  }
  return best
}
