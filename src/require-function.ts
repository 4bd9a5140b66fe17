/**
 * What is to be called later is looked at now: the mistake is told where it was made, not out of some
 * event or attempt an hour later. Any thread.
 */
import { SignalboxError } from './errors.ts'

/**
 * @param what it is for: `onEvent`.
 * @throws bad_option when it cannot be called.
 */
export function requireFunction(given: unknown, what: string): void {
  if (typeof given === 'function') return
  throw new SignalboxError('bad_option', `${what} needs a function to call: give one.`)
}
