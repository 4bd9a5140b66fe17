/**
 * Options and cursors of a list of agents, and how all its pages are read.
 *
 * A cursor is `<scheduler>.<epoch>.a<place>`: the agents from that place on, of the scheduler that
 * gave it, within one start. An agent has its place for as long as it is registered.
 */
import type { AgentUtilization } from '../balance-views.ts'
import { LIMITS } from '../options.ts'
import type { AgentPage, AgentView, ListAgentsOptions } from '../task.ts'
import { badCursor, type CursorOrigin, refuseUnknownKeys, requireLimit } from './list-options.ts'
import { requireToken } from './tokens.ts'

export interface AgentCursor extends CursorOrigin {
  place: number
}

/** Options of one page after the check; a null cursor stands for the beginning. */
export interface CheckedAgentListOptions {
  limit: number
  cursor: AgentCursor | null
}

/** What one page is asked for. */
export interface AgentPageOptions {
  limit?: number
  cursor?: string
}

/** Of one agent, or a page of all. */
export interface UtilizationOptions extends AgentPageOptions {
  agent?: string
}

export interface UtilizationPage {
  agents: AgentUtilization[]
  cursor: string | null
}

/** @throws bad_option */
export function checkAgentListOptions(
  options: { [Key in keyof AgentPageOptions]: unknown },
): CheckedAgentListOptions {
  const { limit = LIMITS.listAgentsMax, cursor } = options
  return {
    limit: requireLimit(limit, LIMITS.listAgentsMax),
    cursor: cursor === undefined || cursor === null ? null : parseAgentCursor(cursor),
  }
}

export function formatAgentCursor({ scheduler, epoch, place }: AgentCursor): string {
  return `${scheduler}.${epoch}.a${place}`
}

/** @throws bad_option */
export function parseAgentCursor(cursor: unknown): AgentCursor {
  const text = typeof cursor === 'string' ? cursor : ''
  const parts = /^([A-Za-z0-9_-]{1,64})\.(\d{1,15})\.a(\d{1,9})$/.exec(text)
  if (parts === null) throw badCursor(cursor)
  const [, scheduler, epoch, place] = parts
  return { scheduler, epoch: Number(epoch), place: Number(place) }
}

/** @throws not_supported, bad_option */
export async function allAgents(
  options: ListAgentsOptions,
  ask: (options: AgentPageOptions, from: AgentCursor | null) => Promise<AgentPage>,
): Promise<AgentView[]> {
  refuseUnknownKeys(options, ['limit'])
  const limit = requireLimit(options.limit ?? LIMITS.agentsMax, LIMITS.agentsMax)
  return agentPages(limit, ask, ({ id }) => id)
}

/** @param agent of whom alone; of all without. @throws agent_unknown, bad_token */
export async function allUtilization(
  agent: string | undefined,
  ask: (options: UtilizationOptions, from: AgentCursor | null) => Promise<UtilizationPage>,
): Promise<AgentUtilization[]> {
  if (agent !== undefined) {
    return (await ask({ agent: requireToken(agent, 'agent id') }, null)).agents
  }
  return agentPages(LIMITS.agentsMax, ask, ({ agent_id }) => agent_id)
}

/**
 * Asks for pages until there are as many agents as were wanted, or no more. One that left and came
 * back meanwhile is on two pages; the later one counts. Ends: each page has to go on behind the one
 * before, and places are bounded.
 * @throws not_supported, bad_option
 */
export async function agentPages<Row>(
  limit: number,
  ask: (
    options: AgentPageOptions,
    from: AgentCursor | null,
  ) => Promise<{ agents: Row[]; cursor: string | null }>,
  idOf: (row: Row) => string,
): Promise<Row[]> {
  const agents = new Map<string, Row>()
  let part: AgentPageOptions = limit < LIMITS.listAgentsMax ? { limit } : {}
  let from: AgentCursor | null = null
  for (;;) {
    const page = await ask(part, from)
    for (const agent of page.agents) agents.set(idOf(agent), agent)
    const cursor = page.cursor ?? null
    if (cursor === null || agents.size >= limit) return [...agents.values()].slice(0, limit)
    const next = parseAgentCursor(cursor)
    if (from !== null && next.place <= from.place) throw badCursor(cursor)
    from = next
    part = { limit: Math.min(limit - agents.size, LIMITS.listAgentsMax), cursor }
  }
}
