/**
 * Signals as an AbortSignal: the first asks a command to end in order, a second one ends it at once.
 *
 * Invariant: after `dispose` signals have their usual effect again. What a command started ends with
 * it even then: its children watch their channel, nats-server has its guardian.
 *
 * Ctrl-C may arrive twice, from the terminal and from npm, which hands it on: a signal within half a
 * second of the first is the same one.
 */
import { onOrphaned } from '../service/dev-orphan.ts'
import { EXIT } from './exit-codes.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const SAME_MS = 500

export interface Interrupts {
  readonly signal: AbortSignal
  dispose(): void
}

/**
 * @param onSecond told before the process ends at the second signal.
 * @param signals those that end it.
 */
export function catchInterrupts(
  onSecond: () => void = () => {},
  signals: readonly NodeJS.Signals[] = SIGNALS,
): Interrupts {
  const controller = new AbortController()
  let firstAt = 0
  const interrupt = () => {
    const now = performance.now()
    if (!controller.signal.aborted) {
      firstAt = now
      controller.abort()
    } else if (now - firstAt > SAME_MS) {
      onSecond()
      process.exit(EXIT.interrupted)
    }
  }
  for (const signal of signals) process.on(signal, interrupt)
  const stopWatching = onOrphaned(interrupt)
  return {
    signal: controller.signal,
    dispose: () => {
      stopWatching()
      for (const signal of signals) process.off(signal, interrupt)
    },
  }
}
