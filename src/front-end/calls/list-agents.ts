/**
 * A page of a list of agents, made in one turn, in the order of their places. Main thread.
 *
 * Invariant: an agent that is registered from the first page to the last is on exactly one: it keeps
 * its place, and each page goes on behind the one before. A page's rows have a bounded size, however
 * many names an agent serves.
 *
 * Not taken: the order of joining, which the map of agents has: no place in it can be named without
 * a look at all before it.
 */
import type { AgentState } from '../../policy/agents.ts'
import type { AgentPage, AgentView } from '../../task.ts'
import { type CheckedAgentListOptions, formatAgentCursor } from '../../wire/agent-list-options.ts'
import type { FrontEndContext } from '../context.ts'
import { requireOwn, rowsBytesMax } from './list.ts'
import { agentView } from './views.ts'

/** Names and numbers of a row as JSON, without the names that an agent gave. */
const ROW_BYTES = 450
/** Quotes and a comma. */
const NAME_BYTES = 3
/** Besides a colon and the longest number. */
const NUMBER_BYTES = NAME_BYTES + 1 + 25

/** Of a person: both names, and how many they have claimed. */
const HOURS_BYTES = 32

/** @throws bad_option for a cursor of another scheduler or an earlier start. */
export function agentPage(context: FrontEndContext, options: CheckedAgentListOptions): AgentPage {
  return pageOfAgents(context, options, (agent) => agentView(context, agent), agentBytesMax)
}

/**
 * A page of what is shown of agents in some way.
 * @param bytesOf at least the bytes of the row as JSON.
 * @throws bad_option for a cursor of another scheduler or an earlier start.
 */
export function pageOfAgents<Row>(
  context: FrontEndContext,
  { limit, cursor }: CheckedAgentListOptions,
  rowOf: (agent: AgentState) => Row,
  bytesOf: (row: Row) => number,
): { agents: Row[]; cursor: string | null } {
  requireOwn(context, cursor)
  const { agentAt, options } = context.core
  const bytesMax = rowsBytesMax(context)
  const agents: Row[] = []
  let bytes = 0
  for (let place = cursor?.place ?? 0; place < agentAt.length; place++) {
    const agent = agentAt[place]
    if (agent === undefined) continue
    const row = agents.length < limit ? rowOf(agent) : null
    bytes += row === null ? 0 : bytesOf(row)
    if (row === null || (agents.length > 0 && bytes > bytesMax)) {
      const origin = { scheduler: context.options.name, epoch: options.epoch }
      return { agents, cursor: formatAgentCursor({ ...origin, place }) }
    }
    agents.push(row)
  }
  return { agents, cursor: null }
}

/** @returns at least the bytes of the row as JSON. */
export function agentBytesMax({
  id,
  instance,
  subject,
  reason,
  hours,
  ...agent
}: AgentView): number {
  let bytes = ROW_BYTES + id.length + instance.length
  if (reason !== null) bytes += Buffer.byteLength(reason)
  // A subject may hold any character; its escaped form is known only by making it.
  if (subject !== undefined) bytes += Buffer.byteLength(JSON.stringify(subject))
  if (hours !== undefined) bytes += HOURS_BYTES + Buffer.byteLength(JSON.stringify(hours))
  for (const name of agent.queues) bytes += name.length + NAME_BYTES
  for (const name of agent.capabilities) bytes += name.length + NAME_BYTES
  for (const name of Object.keys(agent.labels)) bytes += name.length + NUMBER_BYTES
  for (const name of Object.keys(agent.specializations)) bytes += name.length + NUMBER_BYTES
  for (const name of Object.keys(agent.skills)) bytes += name.length + NUMBER_BYTES
  return bytes
}
