/** The API's table: every route, once. Any thread. */
import type { Route } from './route.ts'
import { AGENT_ROUTES } from './routes/agents.ts'
import { DEAD_LETTER_ROUTES } from './routes/dead-letters.ts'
import { FLOW_ROUTES } from './routes/flows.ts'
import { INBOX_ROUTES } from './routes/inbox.ts'
import { QUEUE_ROUTES } from './routes/queues.ts'
import { STATUS_ROUTES } from './routes/status.ts'
import { TASK_ROUTES } from './routes/tasks.ts'

export const ROUTES: readonly Route[] = [
  ...TASK_ROUTES,
  ...FLOW_ROUTES,
  ...INBOX_ROUTES,
  ...QUEUE_ROUTES,
  ...AGENT_ROUTES,
  ...DEAD_LETTER_ROUTES,
  ...STATUS_ROUTES,
]
