/** `signalbox dev`, what `npm start` runs: everything on this machine, with a demonstration. */
import type { Command } from 'commander'
import type { AdoptedAgentOptions, Binding, Placement } from '../options.ts'
import type { DevReporter, DevSummary } from '../service/dev.ts'
import type { FleetOptions } from '../service/dev-fleet.ts'
import { DEMO_QUEUE } from '../service/dev-messages.ts'
import { configFile, readConfiguration, withFlags } from './configured.ts'
import { EXIT } from './exit-codes.ts'
import { catchInterrupts } from './interrupts.ts'
import {
  adoptOption,
  bindingOption,
  configOption,
  ifGiven,
  journalOption,
  placementOption,
  routersOption,
  routingOf,
  strategyModuleOption,
  strategyOption,
  terminalOf,
  wholeNumber,
} from './options.ts'
import {
  liveLine,
  progressLine,
  recordedLines,
  startedLines,
  stayingLines,
  summaryLines,
} from './render/dev.ts'
import type { Terminal } from './terminal.ts'
import { httpOf, httpTokenOption } from './watch-options.ts'

/** Without a terminal a line is written each time that so much more is done. */
const STEP = 0.2

interface DevFlags {
  config?: string
  http: string | false
  httpToken?: string
  tasks: number
  stay?: boolean
  adopt: readonly AdoptedAgentOptions[]
  routers: number
  placement?: Placement
  port?: number
  journal?: string
  strategy?: string
  strategyModule?: Record<string, string>
  binding?: Binding
}

export function addDev(program: Command): void {
  program
    .command('dev')
    .description('nats-server, scheduler, agents and a load on this machine, to try')
    .option('--tasks <n>', 'tasks of the demonstration, 0 for none', wholeNumber(0, 1e9), 100_000)
    .option('--stay', 'go on serving afterwards; on a terminal it does anyway')
    .option(
      '--port <port>',
      'of the private nats-server; a free one by default',
      wholeNumber(1, 65_535),
    )
    .option('--http <address>', 'metrics and probes on [HOST:]PORT; 0 for any free port', '0')
    .option('--no-http', 'no metrics and no probes')
    .addOption(httpTokenOption())
    .addOption(configOption())
    .addOption(adoptOption())
    .addOption(routersOption())
    .addOption(placementOption())
    .addOption(strategyOption())
    .addOption(strategyModuleOption())
    .addOption(bindingOption())
    .addOption(journalOption())
    .action(dev)
}

async function dev(flags: DevFlags, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  const interrupts = catchInterrupts()
  const { runDev } = await import('../service/dev.ts')
  const { tasks, port } = flags
  const stay = flags.stay ?? (terminal.interactive && process.stdin.isTTY === true)
  let finished: DevSummary | null = null
  const reporter = devReporter(terminal, (summary) => {
    finished = summary
  })
  try {
    const watch = httpOf(flags)
    const options = { tasks, port, stay, watch, ...(await schedulerOf(flags, command, terminal)) }
    await runDev(options, reporter, interrupts.signal)
    process.exitCode = exitCode(finished, tasks, interrupts.signal.aborted)
    if (interrupts.signal.aborted) terminal.note('Ended, with everything that it started.')
  } finally {
    terminal.clearLive()
    interrupts.dispose()
  }
}

/** What the file says but its NATS server, which `dev` brings, and its name. */
async function schedulerOf(
  flags: DevFlags,
  command: Command,
  terminal: Terminal,
): Promise<FleetOptions> {
  const strategies = Object.keys(flags.strategyModule ?? {})
  const asked = { queues: [DEMO_QUEUE], strategies, isStrict: false }
  const file = configFile(flags.config, false)
  const { nats, name, journal, routers, placement, ...routing } = withFlags(
    file === null ? null : await readConfiguration(file, asked, terminal),
    {
      queues: [],
      adopt: flags.adopt,
      routing: routingOf(flags),
      name: undefined,
      routers: ifGiven(command, 'routers', flags.routers),
      placement: flags.placement,
      journal: flags.journal === undefined ? undefined : { file: flags.journal },
    },
  )
  return {
    adopt: nats.agents,
    routers: routers ?? flags.routers,
    // It is there to show the routers; `auto` places as cheap a strategy as the default's on the spot.
    placement: placement ?? ((routers ?? flags.routers) > 0 ? 'routers' : 'auto'),
    journal: journal?.file,
    routing: { ...routing, strictQueues: false },
  }
}

/** Ctrl-C is the way to end it once the job is done, so it counts as interrupted only before. */
function exitCode(summary: DevSummary | null, tasks: number, interrupted: boolean): number {
  if (summary === null) return interrupted && tasks > 0 ? EXIT.interrupted : EXIT.ok
  if (summary.interrupted) return EXIT.interrupted
  return summary.failed === 0 && summary.lost === 0 ? EXIT.ok : EXIT.taskFailed
}

function devReporter(terminal: Terminal, finished: (summary: DevSummary) => void): DevReporter {
  if (terminal.format !== 'table') return jsonReporter(terminal, finished)
  const { colors } = terminal
  let nextStep = STEP
  return {
    say: (sentence) => terminal.note(sentence),
    started: (facts) => terminal.lines(startedLines(facts, colors)),
    progress: (progress) => {
      terminal.live(liveLine(progress, terminal.columns, colors))
      const share = progress.done / progress.total
      if (terminal.interactive || share < nextStep || share >= 1) return
      terminal.lines([progressLine(progress)])
      nextStep = (Math.floor(share / STEP) + 1) * STEP
    },
    finished: (summary) => {
      finished(summary)
      terminal.lines(summaryLines(summary, colors))
    },
    staying: (url) => terminal.lines(stayingLines(url, colors)),
    recorded: (journal) => terminal.lines(recordedLines(journal, colors)),
  }
}

/** One object with `json`; with `ndjson` an event a line. */
function jsonReporter(terminal: Terminal, finished: (summary: DevSummary) => void): DevReporter {
  const event = (kind: string, facts: object) => {
    if (terminal.format === 'ndjson') terminal.json({ event: kind, ...facts })
  }
  return {
    say: (sentence) => terminal.note(sentence),
    started: (facts) => event('started', facts),
    progress: ({ done, total, tasksPerSecond }) =>
      event('progress', { done, total, tasksPerSecond }),
    finished: (summary) => {
      finished(summary)
      if (terminal.format === 'json') terminal.json(summary)
      else event('finished', summary)
    },
    staying: (url) => event('staying', { url }),
    recorded: (journal) => event('recorded', journal),
  }
}
