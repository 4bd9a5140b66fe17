/** A journal of the real core in which all happens once that hangs together. */
import { JournalWriter } from '../../src/journal/writer.ts'
import { QUEUE_DEFAULTS } from '../../src/options.ts'
import type { AgentState } from '../../src/policy/agents.ts'
import type { TaskRecord } from '../../src/policy/task-record.ts'
import { apartFrom, goesOn, graphOf, nodeOf, person } from '../journal/core/graphs.ts'
import { Policy } from '../policy/support.ts'

/** @returns its bytes. */
export function graphRun(): Uint8Array {
  const desk = { ...QUEUE_DEFAULTS, priority: 2 as const }
  const policy = new Policy({
    queue: { escalateTo: 'desk' },
    queues: { desk, plain: QUEUE_DEFAULTS },
  })
  const chunks: Uint8Array[] = []
  policy.core.record(new JournalWriter({ sink: (bytes) => chunks.push(bytes) }))
  const agents = ['a', 'b', 'c'].map((id) => policy.agent(id, { concurrency: 8, declines: true }))
  flows(policy)
  votes(policy, agents)
  pair(policy, agents)
  people(policy)
  policy.pass(60_000)
  policy.core.stopRecording()
  return Buffer.concat(chunks)
}

function run(policy: Policy, record: TaskRecord, agent: AgentState): void {
  const offered = policy.offer()
  if (offered !== record) throw new Error(`${record.id} is not the next one`)
  policy.propose(record, agent)
}

/** One that comes to its end by a rule and a release, one of which a part is failed, one cancelled. */
function flows(policy: Policy): void {
  const { core, nowMs } = policy
  const nodes = [
    nodeOf('one'),
    nodeOf('two', { after: [0] }),
    nodeOf('three', { after: [0, 1], onFailure: 'continue' }),
  ]
  core.submitGraph(graphOf(nodes, 'good'), nowMs)
  core.succeeded(policy.place()[0], nowMs, goesOn('desk', 0, 1))
  for (let i = 0; i < 3; i++) policy.succeed(policy.place()[0])
  const failing = [nodeOf('bad', { queue: 'plain' }), nodeOf('after', { after: [0] })]
  core.submitGraph(graphOf(failing, 'bad'), nowMs)
  policy.fail(policy.place()[0], false)
  const tree = [nodeOf('root'), nodeOf('leaf', { after: [0] })]
  core.submitGraph(graphOf(tree, 'tree'), nowMs)
  core.cancelSubtree(tree[0].record, nowMs)
}

/** Three decide, of whom one is parked while nobody else is free. */
function votes(policy: Policy, [a, b, c]: AgentState[]): void {
  const { core, nowMs } = policy
  const apart = apartFrom()
  const votes = ['', '', ''].map((name) => nodeOf(name, { apart }))
  const held = { after: [0, 1, 2], held: true, onFailure: 'continue' as const }
  const question = nodeOf('', held)
  core.submitGraph(graphOf([...votes, question], null), nowMs)
  run(policy, votes[0].record, a)
  run(policy, votes[1].record, b)
  const third = policy.offer()!
  core.park(third)
  core.unpark(8)
  run(policy, third, c)
  policy.succeed(votes[0].record)
  policy.succeed(votes[1].record)
  core.resolve(question.record, { ok: true, next: null }, nowMs)
}

/** A second attempt wins, and one is cancelled with its task. */
function pair(policy: Policy, [a, b]: AgentState[]): void {
  for (const isWon of [true, false]) {
    const record = policy.submit()
    run(policy, record, a)
    const twin = Policy.record('q')
    policy.core.hedge(record, twin, policy.nowMs)
    run(policy, twin, b)
    policy.succeed(isWon ? twin : record)
  }
}

/** One is claimed, one declined, one handed on. */
function people(policy: Policy): void {
  const { core } = policy
  const ann = person(policy, 'ann', { queues: ['q', 'desk'], concurrency: 4 })
  const [claimed, declined, passed] = policy.submitMany(3)
  for (const record of [claimed, declined, passed]) core.assign(record, ann, policy.nowMs)
  core.claim(claimed, policy.nowMs)
  policy.nowMs += 100
  policy.succeed(claimed)
  core.declined(declined, policy.nowMs)
  core.handedOn(passed, policy.nowMs)
  for (const record of policy.place()) policy.succeed(record)
}
