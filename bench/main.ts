/**
 * `npm run bench`: all benchmarks, or one, as a table or as JSON.
 *
 * Runs on: a process that measures nothing itself; every run has a process of its own.
 * Invariant: standard output holds the result and nothing else; what is going on is told on standard
 * error. Exit codes are in `USAGE`.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { locate } from '../src/service/nats-server/fetch.ts'
import { type BenchArguments, parseArguments, USAGE, UsageError } from './arguments.ts'
import { type Benchmark, runInterleaved, type Samples } from './harness.ts'
import { describeMachine, loadAverage, shortLine } from './machine.ts'
import { type BenchmarkName, LOADERS } from './registry.ts'
import { type Finished, jsonOf, tableOf } from './show.ts'

const WITH_NATS: readonly BenchmarkName[] = ['assignment', 'end-to-end', 'memory', 'peers']

const IMAGES = new URL('../../docs/images/', import.meta.url)

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

async function runAll({ names, output, repeats, extent }: BenchArguments): Promise<void> {
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
    Object.assign(machine.packages, await benchmark.prepare?.(say))
    const samples = await runInterleaved(benchmark, { repeats, extent, onRun: sayInPlace })
    finished.push({ benchmark, report: benchmark.report(samples) })
    if (extent.isPlot)
      plot(
        benchmark,
        samples,
        `${repeats} ${repeats === 1 ? 'repeat' : 'repeats'} on ${shortLine(machine)}`,
      )
  }
  sayInPlace('')
  const seconds = Math.round((performance.now() - startMs) / 1_000)
  const at = {
    machine,
    repeats,
    isQuick: extent.isQuick,
    loadBefore,
    loadAfter: loadAverage(),
    seconds,
  }
  console.log(output === 'json' ? jsonOf(finished, at) : tableOf(finished, at))
}

/** Writes the pictures of a benchmark, if it has any, for the documents to show. */
function plot(benchmark: Benchmark, samples: Samples, at: string): void {
  const pictures = Object.entries(benchmark.plots?.(samples, at) ?? {})
  if (pictures.length > 0) mkdirSync(IMAGES, { recursive: true })
  for (const [name, svg] of pictures) {
    writeFileSync(new URL(name, IMAGES), svg)
    say(`wrote docs/images/${name}`)
  }
}

function say(sentence: string): void {
  process.stderr.write(`${sentence}\n`)
}

/** On a terminal one line tells which run is on; elsewhere nobody wants a hundred lines. */
function sayInPlace(what: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${what}`)
}
