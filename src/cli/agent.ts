/** `signalbox agent run|list|drain|maintain`: agents from the outside, and a shell command as one. */
import type { Command } from 'commander'
import type { AgentHandle } from '../agent-task.ts'
import { SignalboxError } from '../errors.ts'
import { LIMITS } from '../options.ts'
import { addAgentLoad } from './agent-load.ts'
import { withClient } from './connection.ts'
import { type ExecEvent, ExecHandler } from './exec.ts'
import { catchInterrupts } from './interrupts.ts'
import { AGENT_LIMIT, CONCURRENCY, namedNumber, names, natsFlagOf, terminalOf } from './options.ts'
import { agentLines } from './render/agents.ts'
import type { Terminal } from './terminal.ts'

interface RunFlags {
  exec: string
  queue?: string[]
  capability?: string[]
  label?: Record<string, number>
  specialization?: Record<string, number>
  concurrency: number
}

export function addAgent(program: Command): void {
  const agent = program
    .command('agent')
    .description('run an agent, list agents, let one leave or rest')
  agent
    .command('run')
    .description('run a shell command for each task: payload on stdin, result from stdout')
    .argument('<name>', 'the agent’s id; one that runs already under it is replaced')
    .requiredOption('--exec <command>', 'the shell command')
    .option('--queue <queue...>', 'queues it serves; by default the one of its name', names)
    .option('--capability <capability...>', 'what it can do', names)
    .option('--label <name=number...>', 'numbers that tasks compare: gpu=24', namedNumber)
    .option('--specialization <type=score...>', 'how good it is at a type, 0 to 1', namedNumber)
    .option('--concurrency <n>', 'tasks at a time', CONCURRENCY, 1)
    .action(runAgent)
  agent
    .command('list')
    .description('every agent: status, what it serves, what it has done')
    .option('--limit <n>', 'how many at most', AGENT_LIMIT, LIMITS.listAgentsMax)
    .action(listAgents)
  agent
    .command('drain')
    .description('ask an agent to finish what it runs and take no more')
    .argument('<id>', 'its id')
    .action(async (id: string, _, command: Command) => {
      const terminal = terminalOf(command)
      await withClient(natsFlagOf(command), async (client) => {
        await client.drainAgent(id)
        if (terminal.format === 'table') terminal.lines([`Agent ${id} drains.`])
        else terminal.json({ agent: id, draining: true })
      })
    })
  agent
    .command('maintain')
    .description('give an agent nothing new until its maintenance ends; what it runs it finishes')
    .argument('<id>', 'its id')
    .option('--end', 'the maintenance is over')
    .action(maintainAgent)
  addAgentLoad(agent)
}

async function maintainAgent(
  id: string,
  { end = false }: { end?: boolean },
  command: Command,
): Promise<void> {
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    await client.maintainAgent(id, !end)
    if (terminal.format !== 'table') terminal.json({ agent: id, maintenance: !end })
    else if (end) terminal.lines([`Agent ${id} works again.`])
    else {
      terminal.lines([
        `Agent ${id} gets nothing new: \`signalbox agent maintain ${id} --end\` ends it.`,
      ])
    }
  })
}

async function listAgents({ limit }: { limit: number }, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    // One more than is shown tells whether there are more.
    const agents = await client.listAgents({ limit: Math.min(limit + 1, LIMITS.agentsMax) })
    const shown = agents.slice(0, limit)
    if (terminal.format === 'table')
      terminal.lines(agentLines(shown, terminal.columns, terminal.colors))
    else terminal.jsonRows(shown)
    if (agents.length > limit) terminal.note(`There are more than ${limit}: --limit shows them.`)
  })
}

/** Serves until it is drained, told to end or replaced; what runs is finished first. */
async function runAgent(name: string, flags: RunFlags, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  const queues = flags.queue ?? [name]
  const { concurrency, capability = [], label = {}, specialization = {} } = flags
  const can = { capabilities: capability, labels: label, specializations: specialization }
  const exec = new ExecHandler(flags.exec, (event) => tell(event, terminal))
  const interrupts = catchInterrupts(() => exec.killAll())
  try {
    await withClient(natsFlagOf(command), async (client) => {
      const agent = await client.agent({ id: name, queues, ...can, concurrency }, exec.handle)
      if (terminal.format === 'table') {
        terminal.lines([
          `Agent ${agent.id} serves ${queues.join(', ')}, ${concurrency} at a time, ` +
            `on ${client.natsServer}.`,
        ])
      } else terminal.json({ event: 'ready', agent: agent.id, queues, ...can, concurrency })
      await ended(agent, interrupts.signal, terminal)
    })
  } finally {
    exec.killAll()
    interrupts.dispose()
  }
}

async function ended(agent: AgentHandle, signal: AbortSignal, terminal: Terminal): Promise<void> {
  const drain = () => {
    terminal.note('Finishing what runs; a second signal ends it at once.')
    void agent.stop()
  }
  if (signal.aborted) drain()
  else signal.addEventListener('abort', drain, { once: true })
  try {
    await agent.closed
  } catch (error) {
    if (!(error instanceof SignalboxError) || error.code !== 'fenced') throw error
    throw new SignalboxError(
      'fenced',
      `Another process runs as agent "${agent.id}" now and this one has ended: ` +
        'give each its own name.',
      { cause: error },
    )
  }
}

function tell(event: ExecEvent, terminal: Terminal): void {
  const { task, queue, attempt, message } = event
  if (terminal.format === 'table') {
    terminal.note(`task ${task} in ${queue}, attempt ${attempt}, failed: ${message}`)
  } else terminal.json({ event: 'failed', task, queue, attempt, message })
}
