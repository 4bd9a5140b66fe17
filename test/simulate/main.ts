/**
 * Plays a range of seeds in this process and prints one JSON object a line: `first`, `failed` for
 * each seed that fails, `digest` where it was asked for, and `done`.
 *
 *   node --import …/register.js …/main.js FIRST COUNT [--step N] [--theme T] [--trace] [--digests] [--failures-max N]
 *
 * `--moving` plays those in which work changes hands, `--hanging` those in which it hangs together.
 *
 * `--step` plays every n-th seed only, so that processes can share a range, `--theme` those of one
 * theme, of which COUNT seeds hold some; `--trace` prints what
 * happens, `--digests` the digest of that; `--failures-max` stops after so many (1);
 * `--images-every` compares the rebuilt core after every so many events (1).
 */
import { parseArgs } from 'node:util'
import { breathe, realMs } from './globals.ts'
import { failFromOutside, type Played, play } from './play.ts'
import type { DoneLine, FailedLine, Line } from './report.ts'
import { scenarioOf } from './scenario.ts'
import { compareImagesEvery } from './twin.ts'
import { LAST_LINES, leaveOutLatencies } from './world.ts'

function print(line: Line): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      step: { type: 'string', default: '1' },
      theme: { type: 'string' },
      moving: { type: 'boolean', default: false },
      hanging: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      digests: { type: 'boolean', default: false },
      'failures-max': { type: 'string', default: '1' },
      'images-every': { type: 'string', default: '1' },
    },
  })
  const [first, count] = positionals.map(Number)
  const failuresMax = Number(values['failures-max'])
  process.on('uncaughtException', failFromOutside)
  process.on('unhandledRejection', failFromOutside)
  leaveOutLatencies()
  compareImagesEvery(Number(values['images-every']))
  print({ type: 'first', seed: first, count })
  const beganMs = realMs()
  const total = { seeds: 0, failures: 0, happened: 0, coreEvents: 0, tasks: 0 }
  for (let seed = first; seed < first + count; seed += Number(values.step)) {
    if (values.theme !== undefined && scenarioOf(seed).theme !== values.theme) continue
    if (values.moving && !scenarioOf(seed).isMoving) continue
    if (values.hanging && scenarioOf(seed).graphs === null) continue
    const played = await playOnce(seed, values.trace || values.digests)
    if (values.trace) process.stdout.write(`${played.lines.join('\n')}\n`)
    if (values.digests) print({ type: 'digest', seed, digest: played.digest, print: played.print })
    total.seeds++
    total.happened += played.happened
    total.coreEvents += played.coreEvents
    total.tasks += played.tasks
    if (played.failure === null) continue
    print(await explain(played))
    if (++total.failures === failuresMax) break
  }
  const done: DoneLine = { type: 'done', ...total, ms: Math.round(realMs() - beganMs) }
  print(done)
}

/** What nobody caught during a seed has failed it by the time that this resolves. */
async function playOnce(seed: number, isTraced: boolean): Promise<Played> {
  const played = await play(seed, { isTraced })
  await breathe()
  return played
}

/** Plays a seed that failed once more, traced: it fails in the same way. */
async function explain({ seed, theme, failure, print }: Played): Promise<FailedLine> {
  const again = await playOnce(seed, true)
  const { event, atMs, error } = failure!
  return {
    type: 'failed',
    seed,
    theme,
    event,
    atMs,
    error: error.message,
    stack: String(error.stack),
    isRepeatable: again.print === print,
    lines: again.lines.slice(-LAST_LINES),
  }
}

await main()
