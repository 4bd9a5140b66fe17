/** The contract of `Signalbox`: one list of cases, run against each way in. */
import { describe, expect, test } from 'vitest'
import type { SchedulerOptions } from '../../src/options.ts'
import { agentCases } from './cases/agents.ts'
import { cancelCases } from './cases/cancel.ts'
import { listCases } from './cases/lists.ts'
import { optionCases } from './cases/options.ts'
import { outcomeCases } from './cases/outcomes.ts'
import { viewCases } from './cases/views.ts'
import { waitingCases } from './cases/waiting.ts'
import type { Case, Ground } from './ground.ts'

const CASES: Case[] = [
  ...outcomeCases,
  ...optionCases,
  ...waitingCases,
  ...cancelCases,
  ...agentCases,
  ...viewCases,
  ...listCases,
]

/** @param open gives each case a scheduler of its own. */
export function keepsContract(
  name: string,
  open: (options: SchedulerOptions) => Promise<Ground>,
): void {
  describe(name, () => {
    for (const { title, options, check } of CASES) {
      test(`${name}: ${title}`, async () => {
        const ground = await open(options ?? {})
        try {
          await check(ground)
          expect((await ground.box.status()).tasks.lost).toBe(0)
        } finally {
          await ground.close()
        }
      })
    }
  })
}
