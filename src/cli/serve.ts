/** `signalbox serve`: a scheduler for named queues. */
import type { Command } from 'commander'
import { natsAddress } from '../address/nats-address.ts'
import { CONFIG_FILE } from '../config/file.ts'
import { findingLine } from '../config/findings.ts'
import type { Configuration } from '../config/read.ts'
import type { LogOptions } from '../config/service-options.ts'
import { SignalboxError } from '../errors.ts'
import type { AdoptedAgentOptions, Binding, Placement, SchedulerOptions } from '../options.ts'
import type { Reloaded } from '../service/reload.ts'
import type { ServeOptions, ServeReporter } from '../service/serve.ts'
import { addressIn, configFile, readConfiguration, watchWithFile, withFlags } from './configured.ts'
import { withSource } from './connection.ts'
import { EXIT } from './exit-codes.ts'
import { catchInterrupts } from './interrupts.ts'
import {
  adoptOption,
  bindingOption,
  configOption,
  ifGiven,
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
import { addWatchOptions, type WatchFlags } from './watch-options.ts'

interface ServeFlags extends WatchFlags {
  config?: string
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
  const serveCommand = program
    .command('serve')
    .description('run a scheduler for the configured queues, and no others')
    .option('--queue <queue...>', 'the queues', names, [])
    .addOption(configOption())
    .option('--name <name>', 'the scheduler’s name; random by default')
    .addOption(adoptOption())
    .addOption(routersOption())
    .addOption(placementOption('auto'))
    .addOption(strategyOption())
    .addOption(strategyModuleOption())
    .addOption(bindingOption())
    .addOption(journalOption())
    .action(serve)
  addWatchOptions(serveCommand)
}

async function serve(flags: ServeFlags, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  const file = configFile(flags.config, flags.queue.length === 0)
  // With a file a hang-up is the wish to have it read again.
  const interrupts = catchInterrupts(() => {}, file === null ? undefined : ['SIGINT', 'SIGTERM'])
  const hangUps = new HangUps(file !== null)
  try {
    const options = await serveOptions(flags, file, hangUps, terminal, command)
    const { runServe } = await import('../service/serve.ts')
    const report = reporter(terminal, options.watch?.log)
    const left = await runServe(options, report, interrupts.signal).catch((error) => {
      throw withSource(error, options.address)
    })
    if (left > 0) {
      const tasks = left === 1 ? '1 accepted task was' : `${left} accepted tasks were`
      terminal.note(`${tasks} still open when the time to drain was up.`)
      process.exitCode = EXIT.taskFailed
    }
  } finally {
    hangUps.dispose()
    interrupts.dispose()
  }
}

async function serveOptions(
  flags: ServeFlags,
  file: string | null,
  hangUps: HangUps,
  terminal: Terminal,
  command: Command,
): Promise<ServeOptions> {
  const routing = routingOf(flags)
  const queues = [...new Set(flags.queue)]
  const strategies = Object.keys(flags.strategyModule ?? {})
  const asked = { queues, strategies }
  const given = {
    queues,
    adopt: flags.adopt,
    routing,
    name: flags.name,
    routers: ifGiven(command, 'routers', flags.routers),
    placement: ifGiven(command, 'placement', flags.placement),
    journal: flags.journal === undefined ? undefined : { file: flags.journal },
  }
  const read = file === null ? null : await readConfiguration(file, asked, terminal)
  const scheduler = withFlags(read, given)
  requireQueues(scheduler, file)
  const options: ServeOptions = {
    address: natsAddress(natsFlagOf(command), process.env, addressIn(read)),
    scheduler,
    watch: watchWithFile(read, flags),
  }
  if (read === null || file === null) return options
  const whole = (each: Configuration) => ({ ...each, scheduler: withFlags(each, given) })
  const reread = async () => {
    const { readConfigFile } = await import('../config/read.ts')
    const { configuration, findings } = await readConfigFile(file, asked)
    return configuration === null ? findings.map(findingLine) : whole(configuration)
  }
  const onSignal = (listener: () => void) => hangUps.on(listener)
  return { ...options, reload: { configuration: whole(read), reread, onSignal } }
}

/** @throws bad_option when there is nothing to serve. */
function requireQueues({ queues = {}, strictQueues }: SchedulerOptions, file: string | null) {
  if (Object.keys(queues).length > 0 || strictQueues === false) return
  throw new SignalboxError(
    'bad_option',
    file === null
      ? 'There is nothing to serve: give --queue NAME or --config FILE, or write a ' +
          `${CONFIG_FILE} here.`
      : `There is nothing to serve: ${file} names no queues, and --queue neither.`,
  )
}

/** SIGHUP, from the start of the command on; one that comes too early is kept. */
class HangUps {
  readonly #isHeard: boolean
  #listener: (() => void) | undefined
  #early = false

  constructor(isHeard: boolean) {
    this.#isHeard = isHeard
    if (isHeard) process.on('SIGHUP', this.#hear)
  }

  on(listener: () => void): () => void {
    this.#listener = listener
    if (this.#early) listener()
    return () => {
      this.#listener = undefined
    }
  }

  dispose(): void {
    if (this.#isHeard) process.off('SIGHUP', this.#hear)
  }

  readonly #hear = (): void => {
    if (this.#listener === undefined) this.#early = true
    else this.#listener()
  }
}

/** Standard output says that it is ready, and that it drains; what happens between is in the log. */
function reporter(terminal: Terminal, logOptions: LogOptions | undefined): ServeReporter {
  const table = terminal.format === 'table'
  const log = (event: string, facts: object, sentence: string) => {
    if (table) terminal.lines([sentence])
    else terminal.json({ event, ...facts })
  }
  let scheduler = ''
  const refused = (result: Reloaded) => {
    if (!table) terminal.json({ event: 'reload_refused', ...result })
    if (logOptions !== undefined) void logRefused(logOptions, scheduler, result)
  }
  return {
    ready: (facts) => {
      scheduler = facts.scheduler
      log(
        'ready',
        facts,
        `Scheduler ${facts.scheduler} serves ${facts.queues.join(', ')} on ${facts.nats}, ` +
          `${facts.routers} ${facts.routers === 1 ? 'router' : 'routers'}${facts.http === null ? '' : `, metrics on ${facts.http}/metrics`}.`,
      )
    },
    draining: (open) =>
      log('draining', { open }, `Draining: ${openWords(open)}; a second signal ends it at once.`),
    reloaded: (result) =>
      result.refused.length > 0 ? refused(result) : log('reloaded', result, reloadedLine(result)),
  }
}

function openWords(open: number): string {
  if (open === 0) return 'no task is open'
  return open === 1 ? '1 task is still open' : `${open} tasks are still open`
}

async function logRefused(
  options: LogOptions,
  scheduler: string,
  { file, refused }: Reloaded,
): Promise<void> {
  const { Log } = await import('../service/log.ts')
  const message = `${file} is not taken over, everything stays as it is: ${refused.join(' ')}`
  new Log(options).write('warn', 'reload_refused', message, {
    scheduler,
    file,
    findings: refused.length,
  })
}

function reloadedLine({ file, added, changed, routes, people }: Reloaded): string {
  const parts = [
    ['new queues', added],
    ['changed', changed],
    ['routes of dead letters', routes],
    ['people', people],
  ] as const
  const told = parts
    .filter(([, all]) => all.length > 0)
    .map(([what, all]) => `${what}: ${all.join(', ')}`)
  return `${file} is taken over: ${told.length === 0 ? 'nothing has changed' : told.join('; ')}.`
}
