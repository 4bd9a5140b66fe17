/** The error of a ledger's file. Any thread. */
import { SignalboxError } from '../errors.ts'

/** @returns a sentence with the system's code, and what to do. */
export function ledgerFailed(what: string, cause: unknown): SignalboxError {
  const { code, message } = cause as NodeJS.ErrnoException
  return new SignalboxError(
    'ledger_failed',
    `${what} (${code ?? message}): check its folder, permissions and space.`,
    { cause },
  )
}
