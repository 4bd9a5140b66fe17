/** The order in which tasks are served, by a look at what they say of it. */
import type { TaskRecord } from '../../src/policy/task-record.ts'

export type Rank = Pick<TaskRecord, 'level' | 'dueMs' | 'seq'>

export function rankOf({ level, dueMs, seq }: TaskRecord): Rank {
  return { level, dueMs, seq }
}

/** The higher level, then what is due earlier (what has no such time last), then the older one. */
export function goesFirst(a: Rank, b: Rank): boolean {
  if (a.level !== b.level) return a.level > b.level
  const [dueA, dueB] = [a.dueMs || Number.POSITIVE_INFINITY, b.dueMs || Number.POSITIVE_INFINITY]
  return dueA < dueB || (dueA === dueB && a.seq < b.seq)
}
