/**
 * The process of one run of one configuration.
 *
 * Runs on: a child of the harness. Invariant: it runs one function of one benchmark once, answers
 * once, and ends when its parent does.
 */
import type { Benchmark, ChildAnswer, Parameters } from './harness.ts'
import { isKnown, LOADERS } from './registry.ts'

interface Request {
  benchmark: string
  run: string
  parameters: Parameters
}

process.once('disconnect', () => process.exit(0))
process.once('message', (request: Request) => {
  answer(request).then((said) => process.send!(said))
})

async function answer({ benchmark, run, parameters }: Request): Promise<ChildAnswer> {
  try {
    if (!isKnown(benchmark)) throw new Error(`there is no benchmark "${benchmark}"`)
    const { runs }: Benchmark = await LOADERS[benchmark]()
    return { values: await runs[run](parameters) }
  } catch (error) {
    return { failed: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}
