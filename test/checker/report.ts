/** What the checker says of rows, and which of them are events. */
import { Checker, type Report } from '../../src/checker/check.ts'
import { encode, type Row } from './rows.ts'

const FRAME = ['HEAD', 'IMAGE', 'TIME', 'END']
const EFFECT =
  /^(OUTCOME|FORGOTTEN|ENDED|REVOKE|AGENT_UP|AGENT_DOWN|FENCED|DRAINING|CREDIT_BACK|REPEAT|UNBOUND|NOTED|DEAD_LETTER|PREEMPT|PAUSED|STOLEN|CALL_BACK)$/

export function isEvent(kind: string): boolean {
  return !FRAME.includes(kind) && !EFFECT.test(kind)
}

export function reportOf(rows: readonly Row[], isWhole = true): Report {
  const checker = new Checker(isWhole)
  checker.push(encode(rows))
  return checker.finish()
}
