/**
 * `npm run bench`: all benchmarks, or one, as a table or as JSON.
 *
 * Runs on: a process that measures nothing itself; every run has a process of its own.
 * Invariant: standard output holds the result and nothing else; what is going on is told on standard
 * error. Exit codes are in `USAGE`.
 */
import { locate } from '../src/service/nats-server/fetch.ts'
import { type BenchArguments, parseArguments, USAGE, UsageError } from './arguments.ts'
import { runInterleaved } from './harness.ts'
import { describeMachine, loadAverage } from './machine.ts'
import { type BenchmarkName, LOADERS } from './registry.ts'
import { type Finished, jsonOf, tableOf } from './show.ts'

const WITH_NATS: readonly BenchmarkName[] = ['assignment', 'end-to-end']

process.exitCode = await main(process.argv.slice(2))

async function main(words: string[]): Promise<number> {
  try {
    const options = parseArguments(words)
    if (options.isHelp) console.log(USAGE)
    else await runAll(options)
    return 0
  } catch (error) {
    const isUsage = error instanceof UsageError
    console.error(error instanceof Error ? error.message : error)
    return isUsage ? 2 : 1
  }
}

async function runAll({ names, output, repeats, isQuick }: BenchArguments): Promise<void> {
  if (names.some((name) => WITH_NATS.includes(name))) {
    process.env.NATS_SERVER = await locate({ onFetch: say })
  }
  const machine = await describeMachine()
  const startMs = performance.now()
  const loadBefore = loadAverage()
  const finished: Finished[] = []
  for (const name of names) {
    const benchmark = await LOADERS[name]()
    if (!process.stderr.isTTY) say(`${name}: ${benchmark.question}`)
    const samples = await runInterleaved(benchmark, { repeats, isQuick, onRun: sayInPlace })
    finished.push({ benchmark, report: benchmark.report(samples) })
  }
  sayInPlace('')
  const seconds = Math.round((performance.now() - startMs) / 1_000)
  const at = { machine, repeats, isQuick, loadBefore, loadAfter: loadAverage(), seconds }
  console.log(output === 'json' ? jsonOf(finished, at) : tableOf(finished, at))
}

function say(sentence: string): void {
  process.stderr.write(`${sentence}\n`)
}

/** On a terminal one line tells which run is on; elsewhere nobody wants a hundred lines. */
function sayInPlace(what: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${what}`)
}
