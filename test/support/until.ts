/** Waiting for a condition instead of for time to pass. */
import { setTimeout as sleep } from 'node:timers/promises'

export interface UntilOptions {
  /** What is waited for, as it reads after "waited in vain for". */
  readonly what: string
  readonly timeoutMs?: number
}

const POLL_MS = 5

/**
 * Waits until the condition gives something truthy.
 *
 * @returns what the condition gave.
 * @throws Error that says what was waited for, after 10 s unless told otherwise.
 */
export async function until<Value>(
  condition: () => Value | Promise<Value>,
  { what, timeoutMs = 10_000 }: UntilOptions,
): Promise<Exclude<Value, undefined | null | false | 0 | ''>> {
  const end = Date.now() + timeoutMs
  for (;;) {
    const value = await condition()
    if (value) return value as Exclude<Value, undefined | null | false | 0 | ''>
    if (Date.now() >= end) throw new Error(`waited in vain for ${what} (${timeoutMs} ms)`)
    await sleep(POLL_MS)
  }
}
