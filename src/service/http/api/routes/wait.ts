/** The parameter `wait` of those who want to hear of the end. Any thread. */
import type { Call, QueryParameter } from '../route.ts'
import { WAIT_SECONDS_MAX } from '../waits.ts'

export const WAIT: QueryParameter = {
  kind: 'whole',
  minimum: 0,
  maximum: WAIT_SECONDS_MAX,
  description:
    'Answer only when it is over, after so many seconds at the latest. What is answered then is how ' +
    'it is: look at its state, and ask again.',
}

/** @returns 0 for not at all. */
export function secondsOf({ wait }: Call['query']): number {
  return (wait as number | undefined) ?? 0
}
