/** All commands as one commander program, without running any. */
import { Command } from 'commander'
import { version } from '../version.ts'
import { addAgent } from './agent.ts'
import { addCheck } from './check.ts'
import { addConfig } from './config.ts'
import { addDead } from './dead.ts'
import { addDemo } from './demo.ts'
import { addDev } from './dev.ts'
import { addFlow } from './flow.ts'
import { addInbox } from './inbox.ts'
import { addLedger } from './ledger.ts'
import { addLoad } from './load.ts'
import { addMetrics } from './metrics.ts'
import { outputOption } from './options.ts'
import { addQueue } from './queue.ts'
import { addReplay } from './replay.ts'
import { addServe } from './serve.ts'
import { addStatus } from './status.ts'
import { addStrategy } from './strategy.ts'
import { addTask } from './task.ts'
import { addTop } from './top.ts'

const EXAMPLES = `
Examples:
  signalbox dev                                  everything on this machine
  signalbox serve --queue ocr mail               a scheduler for two queues
  signalbox agent run a1 --queue ocr --exec CMD  a shell command as an agent
  signalbox task submit ocr '{"page":1}' --wait  a task and its result
  signalbox flow submit report.yaml --wait       tasks that depend on each other
  signalbox queue get ocr                        is it well, can its SLA be kept
  signalbox dead replay ocr --all                what was given up, once more
  signalbox load ocr --rate 1000 --duration 30   a load at a steady rate
  signalbox replay run.sbj                       a recorded run once more

The NATS server is the one that --nats, SIGNALBOX_NATS or NATS_URL names, else
that of the running dev, of the selected NATS context, or 127.0.0.1:4222.`

export function buildProgram(): Command {
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
  for (const add of [
    addDev,
    addDemo,
    addServe,
    addAgent,
    addTask,
    addFlow,
    addLoad,
    addStrategy,
    addQueue,
    addDead,
    addInbox,
    addLedger,
    addReplay,
    addCheck,
    addConfig,
    addStatus,
    addMetrics,
    addTop,
  ])
    add(program)
  return program
}
