/**
 * What a journal says of the scheduler that wrote it, at its head. Main thread.
 *
 * Invariant: with it and the image behind it a core can be built that goes on as this one does.
 */
import type { QueueOptions } from '../options.ts'
import type { JournalHead } from './format.ts'
import type { RecordedCore } from './recorder.ts'

/** What a journal says of the scheduler that wrote it. */
export interface JournalAbout {
  name: string
  /** ISO 8601. */
  startedAt: string
  /** Names by index, as `strategyIndex` answers. */
  strategies: readonly string[]
  /** As given to `createMemory`. */
  counterStart: number
}

export const NOBODY_IN_PARTICULAR: JournalAbout = {
  name: '',
  startedAt: '1970-01-01T00:00:00.000Z',
  strategies: [],
  counterStart: 0,
}

export function headOf(core: RecordedCore): JournalHead {
  const { strategyIndex: _, ...policy } = core.options
  return {
    ...core.about,
    epoch: core.options.epoch,
    shape: { ...core.memory.shape },
    policy: policy as unknown as Record<string, unknown>,
    configured: configuredOf(core),
  }
}

/** Options that queues have by now instead of those that they began with. */
function configuredOf({ queues, options }: RecordedCore): Record<string, QueueOptions> {
  const configured: Record<string, QueueOptions> = {}
  for (const [name, queue] of queues) {
    const before = Object.hasOwn(options.queues, name)
      ? options.queues[name]
      : options.queueDefaults
    if (queue.options !== before) configured[name] = queue.options
  }
  return configured
}
