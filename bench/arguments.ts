/**
 * The command line of `npm run bench`.
 *
 * Runs on: the process of `npm run bench`. Invariant: whatever is not understood is refused in one
 * sentence before anything runs.
 */
import type { Extent } from './harness.ts'
import { BENCHMARK_NAMES, type BenchmarkName, isKnown, NAMES_OF_ALL } from './registry.ts'

export interface BenchArguments {
  names: BenchmarkName[]
  output: 'table' | 'json'
  repeats: number
  extent: Extent
  isHelp: boolean
}

const REPEATS_DEFAULT = 3
const REPEATS_MAX = 100

export const USAGE = `npm run bench -- [${BENCHMARK_NAMES.join(' | ')}] [options]

Without a name all but peers are run, which takes about half an hour; assignment
takes ten minutes of it.

  -o, --output table|json   table (default), or one JSON object and nothing else
  --repeats N               runs of each configuration, 1 to ${REPEATS_MAX} (default ${REPEATS_DEFAULT})
  --matrix                  end-to-end: also 1, 10, 100 agents by 16 B to 64 KiB, 4 minutes a repeat
  --plot                    end-to-end, strategies: write pictures to docs/images; end-to-end takes 3 minutes
                            more a repeat
  --quick                   tiny sizes: does it run at all; the numbers mean nothing
  -h, --help                this text

Exit codes: 0 all results were right, 1 one was wrong or did not come, 2 wrong arguments.`

/** Wrong arguments; the message is the sentence to print. */
export class UsageError extends Error {}

/** @throws UsageError */
export function parseArguments(words: readonly string[]): BenchArguments {
  const parsed: BenchArguments = {
    names: [],
    output: 'table',
    repeats: REPEATS_DEFAULT,
    extent: { isQuick: false, isMatrix: false, isPlot: false },
    isHelp: false,
  }
  const left = words.flatMap((word) => (/^--\w+=/.test(word) ? splitAtEquals(word) : [word]))
  // Ends: each round takes a word.
  while (left.length > 0) takeWord(parsed, left.shift()!, left)
  if (parsed.names.length === 0) parsed.names = NAMES_OF_ALL
  return parsed
}

function takeWord(parsed: BenchArguments, word: string, left: string[]): void {
  switch (word) {
    case '-o':
    case '--output':
      parsed.output = outputOf(left.shift())
      return
    case '--repeats':
      parsed.repeats = repeatsOf(left.shift())
      return
    case '--quick':
      parsed.extent = { ...parsed.extent, isQuick: true }
      return
    case '--matrix':
      parsed.extent = { ...parsed.extent, isMatrix: true }
      return
    case '--plot':
      parsed.extent = { ...parsed.extent, isPlot: true }
      return
    case '-h':
    case '--help':
      parsed.isHelp = true
      return
    default:
      if (word.startsWith('-')) {
        const known = '-o, --repeats, --matrix, --plot or --quick'
        throw new UsageError(`There is no option ${quote(word)}: use ${known}.`)
      }
      if (!isKnown(word)) {
        const known = BENCHMARK_NAMES.join(', ')
        throw new UsageError(`There is no benchmark ${quote(word)}: known are ${known}.`)
      }
      if (!parsed.names.includes(word)) parsed.names.push(word)
  }
}

function outputOf(value: string | undefined): 'table' | 'json' {
  if (value === 'table' || value === 'json') return value
  throw new UsageError(`The output is ${quote(value ?? '')}: give table or json.`)
}

function repeatsOf(value: string | undefined): number {
  const repeats = /^\d{1,3}$/.test(value ?? '') ? Number(value) : 0
  if (repeats >= 1 && repeats <= REPEATS_MAX) return repeats
  throw new UsageError(
    `--repeats is ${quote(value ?? '')}: give a whole number from 1 to ${REPEATS_MAX}.`,
  )
}

function splitAtEquals(word: string): string[] {
  const at = word.indexOf('=')
  return [word.slice(0, at), word.slice(at + 1)]
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 80))
}
