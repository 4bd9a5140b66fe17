#!/usr/bin/env node
/**
 * The command line `signalbox`: one file per noun, each adds its commands to the program here.
 *
 * Runs in a process of its own. Invariant: whatever happens ends as one sentence on standard error
 * and a documented exit code, never as a stack trace.
 */
import { Command, CommanderError } from 'commander'
import { SignalboxError, TaskError } from '../errors.ts'
import { addAgent } from './agent.ts'
import { addDev } from './dev.ts'
import { EXIT, exitCodeOf } from './exit-codes.ts'
import { addLoad } from './load.ts'
import { outputOption } from './options.ts'
import { addServe } from './serve.ts'
import { addStatus } from './status.ts'
import { addTask } from './task.ts'
import { writeError } from './terminal.ts'
import { commandPath, usageSentence } from './usage.ts'
import { version } from './version.ts'

const EXAMPLES = `
Examples:
  signalbox dev                                  everything on this machine
  signalbox serve --queue ocr mail               a scheduler for two queues
  signalbox agent run a1 --queue ocr --exec CMD  a shell command as an agent
  signalbox task submit ocr '{"page":1}' --wait  a task and its result
  signalbox load ocr --rate 1000 --duration 30   a load at a steady rate

The NATS server is the one that --nats, SIGNALBOX_NATS or NATS_URL names, else
that of the running dev, of the selected NATS context, or 127.0.0.1:4222.`

function buildProgram(): Command {
  const program = new Command('signalbox')
    .description('Task scheduler for fleets of agents on NATS.')
    .version(version(), '-V, --version', 'print the version')
    .addOption(outputOption())
    .option('--nats <url>', 'NATS server, as host:port or nats://user:password@host:port')
    .helpOption('-h, --help', 'print what a command does and takes')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => {} })
    .exitOverride()
    .addHelpText('after', EXAMPLES)
  for (const add of [addDev, addServe, addAgent, addTask, addLoad, addStatus]) add(program)
  return program
}

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

process.exit(await run(process.argv.slice(2)))
