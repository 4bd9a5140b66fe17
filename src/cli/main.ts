#!/usr/bin/env node
/**
 * The command line `signalbox`: one file per noun, each adds its commands (program.ts).
 *
 * Runs in a process of its own. Invariant: whatever happens ends as one sentence on standard error
 * and a documented exit code, never as a stack trace.
 */
import { CommanderError } from 'commander'
import { SignalboxError, TaskError } from '../errors.ts'
import { EXIT, exitCodeOf } from './exit-codes.ts'
import { buildProgram } from './program.ts'
import { writeError } from './terminal.ts'
import { commandPath, usageSentence } from './usage.ts'

/** @returns the exit code. */
async function run(words: string[]): Promise<number> {
  const program = buildProgram()
  try {
    await program.parseAsync(words, { from: 'user' })
    return typeof process.exitCode === 'number' ? process.exitCode : EXIT.ok
  } catch (error) {
    return tell(error, commandPath(program, words))
  }
}

function tell(error: unknown, command = 'signalbox'): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok
    if (error.code !== 'commander.help') writeError('usage', usageSentence(error.message, command))
    return EXIT.usage
  }
  if (error instanceof SignalboxError || error instanceof TaskError) {
    writeError(error.code, error.message)
  } else {
    const { message, stack } = error as Error
    writeError('defect', `${message ?? error}. Please report it, with SIGNALBOX_DEBUG=1 set.`)
    if (process.env.SIGNALBOX_DEBUG) process.stderr.write(`${stack}\n`)
  }
  return exitCodeOf(error)
}

/** Whoever read us has gone (`| head`): there is nobody left to write to. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.defect)
})
process.on('uncaughtException', (error) => process.exit(tell(error)))
process.on('unhandledRejection', (error) => process.exit(tell(error)))

const code = await run(process.argv.slice(2))
// A pipe takes 64 KiB at a time: what its reader has not taken yet would be cut off.
await new Promise((resolve) => process.stdout.write('', resolve))
process.exit(code)
