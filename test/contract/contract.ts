/** The contract of `Signalbox`: one list of cases, run against each way in. */
import { describe, expect, test } from 'vitest'
import type { SchedulerOptions } from '../../src/options.ts'
import { agentHealthCases } from './cases/agent-health.ts'
import { agentCases } from './cases/agents.ts'
import { balanceCases } from './cases/balance.ts'
import { batchCases } from './cases/batches.ts'
import { cancelCases } from './cases/cancel.ts'
import { capabilityCases } from './cases/capabilities.ts'
import { capacityCases } from './cases/capacity.ts'
import { deadLetterCases } from './cases/dead-letters.ts'
import { declineCases } from './cases/declines.ts'
import { flowCases } from './cases/flows.ts'
import { inputCases } from './cases/inputs.ts'
import { interruptionCases } from './cases/interruptions.ts'
import { listCases } from './cases/lists.ts'
import { manyCases } from './cases/many.ts'
import { optionCases } from './cases/options.ts'
import { outcomeCases } from './cases/outcomes.ts'
import { peopleCases } from './cases/people.ts'
import { promiseCases } from './cases/promises.ts'
import { queueCases } from './cases/queues.ts'
import { recallCases } from './cases/recalls.ts'
import { ruleCases } from './cases/rules.ts'
import { strategyCases } from './cases/strategies.ts'
import { togetherCases } from './cases/together.ts'
import { viewCases } from './cases/views.ts'
import { voteCases } from './cases/votes.ts'
import { waitingCases } from './cases/waiting.ts'
import { windowCases } from './cases/window.ts'
import type { Case, Ground, SubmitterOptions } from './ground.ts'

const CASES: Case[] = [
  ...outcomeCases,
  ...optionCases,
  ...capabilityCases,
  ...waitingCases,
  ...cancelCases,
  ...agentCases,
  ...agentHealthCases,
  ...viewCases,
  ...listCases,
  ...manyCases,
  ...windowCases,
  ...strategyCases,
  ...queueCases,
  ...deadLetterCases,
  ...promiseCases,
  ...interruptionCases,
  ...balanceCases,
  ...batchCases,
  ...capacityCases,
  ...recallCases,
  ...flowCases,
  ...inputCases,
  ...ruleCases,
  ...voteCases,
  ...peopleCases,
  ...declineCases,
  ...togetherCases,
]

/** @param open gives each case a scheduler of its own. */
export function keepsContract(
  name: string,
  open: (options: SchedulerOptions, submitter: SubmitterOptions) => Promise<Ground>,
): void {
  describe(name, () => {
    for (const { title, options, submitter, check } of CASES) {
      test(`${name}: ${title}`, async () => {
        const ground = await open(options ?? {}, submitter ?? {})
        try {
          await check(ground)
          // Not asked of the box, which a case may have closed.
          expect((await ground.fleet.status()).tasks.lost).toBe(0)
        } finally {
          await ground.close()
        }
      })
    }
  })
}
