/** What a seed met once in a hundred thousand of an actor itself, as a case by hand. */
import { expect, test } from 'vitest'
import { encodeJson } from '../../src/wire/json.ts'
import { Subjects } from '../../src/wire/subjects.ts'
import { Begins } from './begins.ts'
import type { Delivery, Peer } from './peer.ts'
import { ScriptedSubmitter } from './submitters.ts'
import type { TaskPlan } from './task-plans.ts'

const PLAN: TaskPlan = {
  key: 's-0',
  atMs: 1,
  verb: 'task',
  queue: 'red',
  id: 'mine',
  guessesId: false,
  level: 3,
  levelIn: 'subject',
  requires: [],
  timeoutMs: null,
  retryCount: null,
  wantsOutcome: true,
  payloadBytes: 0,
  hasReply: true,
  cancelsAfterMs: null,
  looksUpAfterMs: null,
  againAfterMs: [],
  givesUpAfterMs: null,
  bad: null,
  own: null,
  graph: null,
}

/** A submitter whose time and network are in the test's hands. */
function submitter() {
  const due: (() => void)[] = []
  const sent: string[] = []
  const ears = new Map<string, (message: Delivery) => void>()
  const peer: Peer = {
    now: () => 0,
    after: (_ms, act) => {
      due.push(act)
      return () => {}
    },
    publish: (subject) => sent.push(subject),
    subscribe: (subject, take) => {
      ears.set(subject, take)
      return { unsubscribe: () => ears.delete(subject) }
    },
    isCutOff: false,
    onCut: () => {},
    close: () => {},
  }
  const company = {
    seed: 1,
    subjects: new Subjects('sb'),
    connect: () => peer,
    trace: () => {},
    begins: new Begins(),
    overheard: [],
  }
  new ScriptedSubmitter('s', [PLAN], company).start()
  const hear = (data: Uint8Array, headers: Delivery['headers']) => {
    ears.get('_INBOX.s.*')!({ subject: '_INBOX.s.0', reply: '', headers, data })
  }
  /** All that is due now; what it sets is for the next time. */
  const pass = () => {
    for (const act of due.splice(0)) act()
  }
  return { sent, hear, pass }
}

test('submitters: one that was refused and then accepted asks again for its outcome', () => {
  const { sent, hear, pass } = submitter()
  pass()
  expect(sent).toEqual(['sb.task.red'])
  hear(new Uint8Array(0), { code: 0, get: (name) => (name === 'Sb-Code' ? 'queue_full' : '') })
  pass()
  expect(sent.length).toBe(1)
  hear(encodeJson({ id: 'mine', queue: 'red', state: 'pending', waitingFor: null }), null)
  pass()
  expect(sent).toEqual(['sb.task.red', 'sb.api.task.any'])
})
