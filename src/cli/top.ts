/**
 * `signalbox top`: a live view of a scheduler, refreshed each second.
 *
 * Invariant: it shows what it has. While nobody answers, the last answer stays, with the reason why
 * there is none, and it goes on asking.
 */
import type { Command } from 'commander'
import { EXIT } from './exit-codes.ts'
import { catchInterrupts } from './interrupts.ts'
import { natsFlagOf, positiveNumber, terminalOf } from './options.ts'
import { topLines } from './render/top.ts'
import { TOP_SORTS, type TopModel } from './render/top-model.ts'
import type { Terminal } from './terminal.ts'
import { TopScreen } from './top-screen.ts'
import { TopSource } from './top-source.ts'

const MS_PER_SECOND = 1_000
const INTERVAL_MAX_S = 3_600
/** One frame that nobody can scroll back to is cut to a screen; one in a file is not. */
const ROWS_ONCE = 200

interface TopFlags {
  once?: boolean
  interval: number
}

export function addTop(program: Command): void {
  program
    .command('top')
    .description('a live view of queues, agents and latencies')
    .option('--once', 'one frame and no more; without a terminal it is so anyway')
    .option('--interval <seconds>', 'between two refreshes', positiveNumber(INTERVAL_MAX_S), 1)
    .action(top)
}

async function top(flags: TopFlags, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  const source = new TopSource(natsFlagOf(command))
  const isLive = terminal.interactive && flags.once !== true
  try {
    if (isLive) await new TopLoop(source, terminal, flags.interval * MS_PER_SECOND).run()
    else await once(source, terminal)
  } finally {
    await source.close()
  }
}

async function once(source: TopSource, terminal: Terminal): Promise<void> {
  const now = await source.take()
  if (terminal.format !== 'table') {
    terminal.json(now)
    return
  }
  const model: TopModel = { ...blank(source), now }
  terminal.lines(topLines(model, { columns: terminal.columns, rows: ROWS_ONCE }, terminal.colors))
}

function blank({ where, events }: TopSource): TopModel {
  return {
    now: null,
    before: null,
    where,
    problem: null,
    isPaused: false,
    sort: 'waiting',
    events,
    clock: new Date().toTimeString().slice(0, 8),
    hasKeys: false,
  }
}

class TopLoop {
  readonly #source: TopSource
  readonly #terminal: Terminal
  readonly #intervalMs: number
  readonly #screen: TopScreen
  readonly #ended: Promise<void>
  #model: TopModel
  #end!: () => void
  #isTaking = false

  constructor(source: TopSource, terminal: Terminal, intervalMs: number) {
    this.#source = source
    this.#terminal = terminal
    this.#intervalMs = intervalMs
    this.#model = { ...blank(source), hasKeys: process.stdin.isTTY === true }
    this.#screen = new TopScreen(this.#typed, this.#draw)
    this.#ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  async run(): Promise<void> {
    const interrupts = catchInterrupts(this.#screen.leave)
    interrupts.signal.addEventListener('abort', () => this.#end(), { once: true })
    const timer = setInterval(() => void this.#refresh(), this.#intervalMs)
    this.#screen.enter()
    try {
      void this.#refresh()
      this.#draw()
      await this.#ended
      if (interrupts.signal.aborted) process.exitCode = EXIT.ok
    } finally {
      clearInterval(timer)
      this.#screen.leave()
      interrupts.dispose()
    }
  }

  async #refresh(): Promise<void> {
    if (this.#isTaking || this.#model.isPaused) return
    this.#isTaking = true
    try {
      const now = await this.#source.take()
      this.#model = { ...this.#model, now, before: this.#model.now, problem: null }
    } catch (error) {
      this.#model = { ...this.#model, problem: (error as Error).message }
    } finally {
      this.#isTaking = false
    }
    this.#draw()
  }

  readonly #draw = (): void => {
    const { where, events } = this.#source
    const clock = new Date().toTimeString().slice(0, 8)
    const model = { ...this.#model, where, events, clock }
    this.#screen.draw(topLines(model, this.#screen.size, this.#terminal.colors))
  }

  readonly #typed = (key: string): void => {
    const { sort, isPaused } = this.#model
    if (key === 'q') this.#end()
    else if (key === 'p') this.#model = { ...this.#model, isPaused: !isPaused }
    else if (key === 's') {
      const next = TOP_SORTS[(TOP_SORTS.indexOf(sort) + 1) % TOP_SORTS.length]
      this.#model = { ...this.#model, sort: next }
    } else return
    if (key !== 'q') this.#draw()
  }
}
