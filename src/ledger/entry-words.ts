/** What the numbers of entries are called. Any thread. */
import { Entry } from './format.ts'

export const END_WORDS: readonly string[] = [
  'succeeded',
  'attempt failed',
  'attempt timed out',
  'attempt cancelled',
  'agent lost',
  'nobody listened',
  'not delivered',
  'heartbeat missed',
  'deadline passed',
  'interrupted',
  'recalled',
  'declined',
  'handed on',
]
export const OF_AGENT_WORDS: Readonly<Record<number, string>> = {
  [Entry.UNBOUND]: 'unbound',
  [Entry.SENT_AGAIN]: 'sent again',
  [Entry.PREEMPT_ASKED]: 'asked to stop',
  [Entry.RECALL_ASKED]: 'recall asked',
}
export const BOOST_WORDS: Readonly<Record<string, string>> = {
  age: 'it has waited for long',
  max_age: 'it has waited for the longest that its queue allows',
  sla: '80 % of its SLA are gone',
}
/** As `DECISIONS` has them, in the words of an entry; never changed, only added to. */
export const DECISION_WORDS = ['accept', 'reject', 'escalate', 'hand back'] as const
export const PLACED_WORDS = ['', 'by a router', 'from its own queue']

export function limitWords(limit: number, reason: string): string {
  const what = limit < 0 ? 'no limit' : limit === 0 ? 'nothing' : `${limit} at a time`
  return reason === '' ? what : `${what}: ${reason}`
}
