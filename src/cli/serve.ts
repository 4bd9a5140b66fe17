/** `signalbox serve`: a scheduler for named queues. */
import type { Command } from 'commander'
import { natsAddress } from '../address/nats-address.ts'
import type { AdoptedAgentOptions, Binding, Placement } from '../options.ts'
import type { ServeReporter } from '../service/serve.ts'
import { withSource } from './connection.ts'
import { EXIT } from './exit-codes.ts'
import { catchInterrupts } from './interrupts.ts'
import {
  adoptOption,
  bindingOption,
  journalOption,
  names,
  natsFlagOf,
  placementOption,
  routersOption,
  routingOf,
  strategyModuleOption,
  strategyOption,
  terminalOf,
} from './options.ts'
import type { Terminal } from './terminal.ts'

interface ServeFlags {
  queue: string[]
  name?: string
  adopt: readonly AdoptedAgentOptions[]
  routers: number
  placement: Placement
  journal?: string
  strategy?: string
  strategyModule?: Record<string, string>
  binding?: Binding
}

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('run a scheduler for the named queues, and no others')
    .requiredOption('--queue <queue...>', 'the queues', names)
    .option('--name <name>', 'the scheduler’s name; random by default')
    .addOption(adoptOption())
    .addOption(routersOption())
    .addOption(placementOption('auto'))
    .addOption(strategyOption())
    .addOption(strategyModuleOption())
    .addOption(bindingOption())
    .addOption(journalOption())
    .action(serve)
}

async function serve(flags: ServeFlags, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  const address = natsAddress(natsFlagOf(command))
  const interrupts = catchInterrupts()
  const { runServe } = await import('../service/serve.ts')
  const { name, adopt, routers, placement, journal } = flags
  const queues = [...new Set(flags.queue)]
  const routing = routingOf(flags)
  const options = { address, queues, name, adopt, routers, placement, journal, routing }
  try {
    const left = await runServe(options, reporter(terminal), interrupts.signal)
    if (left > 0) {
      terminal.note(`${left} accepted tasks were still open when the time to drain was up.`)
      process.exitCode = EXIT.taskFailed
    }
  } catch (error) {
    throw withSource(error, address)
  } finally {
    interrupts.dispose()
  }
}

/** Standard output is the log: one line an event. */
function reporter(terminal: Terminal): ServeReporter {
  const table = terminal.format === 'table'
  const log = (event: string, facts: object, sentence: string) => {
    if (table) terminal.lines([sentence])
    else terminal.json({ event, ...facts })
  }
  return {
    ready: (facts) =>
      log(
        'ready',
        facts,
        `Scheduler ${facts.scheduler} serves ${facts.queues.join(', ')} on ${facts.nats}, ` +
          `${facts.routers} routers.`,
      ),
    event: ({ kind, detail }) => log(kind, detail, `${kind} ${JSON.stringify(detail)}`),
    draining: (open) =>
      log('draining', { open }, `Draining: ${open} open tasks; a second signal ends it at once.`),
  }
}
