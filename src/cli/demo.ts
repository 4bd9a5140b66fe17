/** `signalbox demo`: scenarios of the source documents, played in virtual time or by the clock. */
import { writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import type { Act, Demo, Performance } from '../demos/demo.ts'
import { nearest } from '../words/nearest.ts'
import { EXIT } from './exit-codes.ts'
import { catchInterrupts } from './interrupts.ts'
import { positiveNumber, terminalOf, wholeNumber } from './options.ts'
import {
  checkLines,
  DEMO_COLUMNS_MAX,
  demoTable,
  setupLines,
  stampOf,
  statisticsLines,
  storyLines,
  summaryLines,
  titleLines,
  verdictLines,
} from './render/demo.ts'
import { span } from './render/text.ts'
import type { Terminal } from './terminal.ts'

const ALL = 'all'
const SEED_MAX = 2 ** 31 - 1
const SPEED_MAX = 100_000
/** Between two looks of the live clock. */
const LIVE_MS = 100

interface DemoFlags {
  list?: boolean
  realTime?: true
  speed?: number
  seed: number
  svg?: string
}

export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('scenarios of the source documents, with what they expect and what comes of it')
    .argument('[name]', 'a demo, as `demo --list` shows it, or all')
    .option('--list', 'every demo: where it is from and what it shows')
    .option('--real-time', 'told as it happens, by the clock')
    .option('--speed <times>', 'by a clock so many times as fast', positiveNumber(SPEED_MAX))
    .option('--svg <file>', 'writes a picture of who did what when as well')
    .option('--seed <n>', 'of what is left to chance', wholeNumber(0, SEED_MAX), 1)
    .action(demo)
}

async function demo(name: string | undefined, flags: DemoFlags, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  const { DEMOS, play } = await import('../demos/catalog.ts')
  if (flags.list === true) {
    if (name !== undefined) command.error('error: give a name, or --list for all of them; not both')
    return list(DEMOS, terminal)
  }
  const chosen = chosenOf(name, DEMOS, command)
  const shown = chosen.map((each) => play(each, flags.seed))
  if (flags.svg !== undefined) {
    if (name === ALL) command.error('error: --svg draws one demo: give its name')
    await draw(shown[0], flags.svg, command)
  }
  if (flags.realTime === true || flags.speed !== undefined) {
    if (terminal.format !== 'table') {
      command.error('error: --real-time and --speed tell a story: leave them, or -o, out')
    }
    await tell(shown, terminal, flags.speed ?? 1)
  } else if (terminal.format === 'table') show(shown, terminal)
  else if (name === ALL) terminal.jsonRows(shown)
  else terminal.json(shown[0])
  process.exitCode ??= exitCodeFor(shown)
}

/** Into a new file, or over an old one. */
async function draw(shown: Performance, file: string, command: Command): Promise<void> {
  const { pictureOf } = await import('../demos/picture.ts')
  try {
    await writeFile(file, pictureOf(shown))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    command.error(`error: the picture cannot be written to '${file}' (${code}): give another file`)
  }
}

/** @returns 1 when an expectation does not hold. */
export function exitCodeFor(shown: readonly Performance[]): number {
  return shown.every(({ ok }) => ok) ? EXIT.ok : EXIT.taskFailed
}

function chosenOf(
  name: string | undefined,
  demos: readonly Demo[],
  command: Command,
): readonly Demo[] {
  if (name === undefined) command.error('error: give the name of a demo, or all; --list shows them')
  if (name === ALL) return demos
  const found = demos.find((each) => each.name === name)
  if (found !== undefined) return [found]
  const names = demos.map((each) => each.name)
  const near = nearest(name, [...names, ALL])
  const hint = near === null ? ': --list shows them' : `\n(Did you mean ${near}?)`
  command.error(`error: unknown demo '${name}'${hint}`)
}

function list(demos: readonly Demo[], terminal: Terminal): void {
  if (terminal.format === 'table') {
    terminal.lines(demoTable(demos, widthOf(terminal), terminal.colors))
    return
  }
  terminal.jsonRows(
    demos.map(({ name, source, number, title, shows }) => ({ name, source, number, title, shows })),
  )
}

function show(shown: readonly Performance[], terminal: Terminal): void {
  for (const each of shown) {
    showHead(each, terminal)
    let before: Act | null = null
    for (const act of each.acts) {
      terminal.lines(setupLines(act, before, widthOf(terminal), terminal.colors))
      before = act
      for (const line of act.lines) {
        terminal.lines(storyLines(line, act, widthOf(terminal), terminal.colors))
      }
      terminal.lines(statisticsLines(act, widthOf(terminal), terminal.colors))
    }
    showEnd(each, shown, terminal)
  }
}

function showHead(each: Performance, terminal: Terminal): void {
  terminal.lines(titleLines(each, widthOf(terminal), terminal.colors))
}

function showEnd(each: Performance, shown: readonly Performance[], terminal: Terminal): void {
  terminal.lines(checkLines(each.checks, widthOf(terminal), terminal.colors))
  if (each !== shown.at(-1)) terminal.lines([''])
  else {
    if (shown.length > 1) terminal.lines(summaryLines(shown, widthOf(terminal), terminal.colors))
    terminal.lines(verdictLines(shown, terminal.colors))
  }
}

/** The same, each line when its time has come. Ctrl-C ends it at any time. */
async function tell(
  shown: readonly Performance[],
  terminal: Terminal,
  speed: number,
): Promise<void> {
  const interrupts = catchInterrupts()
  try {
    for (const each of shown) {
      showHead(each, terminal)
      let before: Act | null = null
      for (const act of each.acts) {
        terminal.lines(setupLines(act, before, widthOf(terminal), terminal.colors))
        before = act
        terminal.note(`By the clock this takes ${span(Math.ceil(act.endMs / speed))}.`)
        await tellAct(act, terminal, speed, interrupts.signal)
        terminal.lines(statisticsLines(act, widthOf(terminal), terminal.colors))
      }
      showEnd(each, shown, terminal)
    }
  } catch (error) {
    if (!interrupts.signal.aborted) throw error
    terminal.note('Interrupted: what the rest would have shown is not told.')
    process.exitCode = EXIT.interrupted
  } finally {
    terminal.clearLive()
    interrupts.dispose()
  }
}

async function tellAct(
  act: Act,
  terminal: Terminal,
  speed: number,
  signal: AbortSignal,
): Promise<void> {
  const fromMs = performance.now()
  const now = () => (performance.now() - fromMs) * speed
  const until = async (atMs: number) => {
    // Ends: the clock goes on, and the story has an end.
    for (let nowMs = now(); nowMs < atMs; nowMs = now()) {
      terminal.live(terminal.colors.dim(stampOf(nowMs, act.endMs).padStart(9)))
      const restMs = (atMs - nowMs) / speed
      await pause(terminal.interactive ? Math.min(LIVE_MS, restMs) : restMs, undefined, { signal })
    }
    signal.throwIfAborted()
  }
  for (const line of act.lines) {
    await until(line.atMs)
    terminal.lines(storyLines(line, act, widthOf(terminal), terminal.colors))
  }
  await until(act.endMs)
}

function widthOf(terminal: Terminal): number {
  return Math.min(DEMO_COLUMNS_MAX, terminal.columns)
}
