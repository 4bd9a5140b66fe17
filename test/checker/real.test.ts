/** Journals of the real core: whatever happened, there is nothing to find. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Checker } from '../../src/checker/check.ts'
import { JournalWriter } from '../../src/journal/writer.ts'
import { COMMANDS } from '../policy/commands.ts'
import { type Model, World } from '../policy/world.ts'
import { QUICKLY } from '../support/shrinking.ts'

const RUNS = process.env.SOAK ? 3_000 : 60
const scenario = fc.commands(COMMANDS, { maxCommands: 250, size: 'max' })

/** What failed is told in a line with what plays it again; a list of 500 commands is for `SHRINK=1`. */
function tell<T>(run: fc.RunDetails<T>): void {
  if (!run.failed) return
  const { seed, counterexamplePath: path, errorInstance: cause } = run
  const why = cause instanceof Error ? cause.message : String(cause)
  const again = `fc.assert with { seed: ${seed}, path: '${path}', endOnFailure: true } plays it again`
  const all = process.env.SHRINK ? `\n${fc.defaultReportMessage(run)}` : ''
  throw new Error(`${why}\n${again}.${all}`, { cause })
}

/** @returns how many outcomes the checker saw, after it has found nothing. */
function check(before: Iterable<never> | null, after: Iterable<never>, isWhole: boolean): number {
  const model: Model = { tasks: new Map(), ends: new Map() }
  const world = new World()
  const run = (commands: Iterable<never>) => fc.modelRun(() => ({ model, real: world }), commands)
  if (before !== null) run(before)
  const checker = new Checker(isWhole)
  world.policy.core.record(new JournalWriter({ sink: (bytes) => checker.push(bytes) }))
  run(after)
  world.settle(model)
  world.policy.core.stopRecording()
  const report = checker.finish()
  expect(report.findings.map(({ kind, message }) => `${kind}: ${message}`).join('\n')).toBe('')
  expect(report).toMatchObject({ total: 0, ended: true, cut: false, isWhole })
  if (before === null) expect(report.outcomes).toBe(model.ends.size)
  return report.outcomes
}

test('checker: finds nothing in what the real core does, whatever happens to it', () => {
  let outcomes = 0
  fc.assert(
    fc.property(scenario, fc.boolean(), (commands, isWhole) => {
      outcomes += check(null, commands as Iterable<never>, isWhole)
    }),
    { numRuns: RUNS, reporter: tell, ...QUICKLY },
  )
  expect(outcomes).toBeGreaterThan(500)
}, 600_000)

test('checker: nor when it comes to it in the middle', () => {
  let outcomes = 0
  fc.assert(
    fc.property(scenario, scenario, (before, after) => {
      outcomes += check(before as Iterable<never>, after as Iterable<never>, false)
    }),
    { numRuns: RUNS, reporter: tell, ...QUICKLY },
  )
  expect(outcomes).toBeGreaterThan(500)
}, 600_000)
