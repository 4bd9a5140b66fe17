/**
 * What schedulers tell on `<prefix>.event.>`, for whoever wants to watch. An event is no promise: one
 * that was told while nobody was connected is gone.
 */
import { parseObject } from '../wire/json.ts'
import type { Link } from './link.ts'

/** Something that a scheduler told of. */
export interface ToldEvent {
  kind: string
  scheduler: string
  /** Wall clock of the scheduler, ms since 1970. */
  at: number
  detail: Record<string, unknown>
}

/** @returns ends it. */
export function listenForEvents(link: Link, listener: (event: ToldEvent) => void): () => void {
  const subscription = link.nc.subscribe(link.subjects.event('*'), {
    callback: (error, msg) => {
      if (error !== null) return
      const event = readEvent(msg.data)
      if (event !== null) listener(event)
    },
  })
  return () => subscription.unsubscribe()
}

/** @returns null for what is none of these, as the word that a scheduler is there. */
function readEvent(bytes: Uint8Array): ToldEvent | null {
  try {
    const { kind, scheduler, at, detail } = parseObject(bytes, 'event')
    if (typeof kind !== 'string' || typeof scheduler !== 'string' || typeof at !== 'number') {
      return null
    }
    const isObject = typeof detail === 'object' && detail !== null
    return { kind, scheduler, at, detail: isObject ? (detail as Record<string, unknown>) : {} }
  } catch {
    return null
  }
}
