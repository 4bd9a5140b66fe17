import { expect, test } from 'vitest'
import { Stage } from './support.ts'

const MINUTE = 60
const SERVICE_MS = 20 * 60_000

test.each([
  ['without an SLA', {}],
  ['with one', { slaTargetMs: 2 * 3_600_000 }],
])(
  'scaling: of tasks longer than the window no more agents are advised than there is work for, %s',
  (_, queue) => {
    const stage = new Stage({ serviceMs: () => SERVICE_MS, queues: { q: queue } })
    stage.agents(3)
    stage.submit(10)
    const core = stage.policy.core
    const open = () => core.counters.accepted - core.counters.completed
    const found: string[] = []
    for (let minute = 0; open() > 0 && minute < 120; minute++) {
      stage.seconds(MINUTE)
      const { desiredAgents, reason } = stage.of()
      const running = core.queues.get('q')!.running
      // The threshold leaves room; of what runs nobody is sent away.
      if (desiredAgents > Math.ceil(10 / 0.7) || desiredAgents < running) {
        found.push(`${minute} min, ${open()} open, ${running} run: ${desiredAgents}, ${reason}`)
      }
    }
    expect(found).toEqual([])
  },
)
