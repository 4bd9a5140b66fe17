/** `signalbox queue list|get|advice|calibration|pause|resume|rebalance`: how queues are, and holding one back. */
import type { Command } from 'commander'
import { withClient } from './connection.ts'
import { natsFlagOf, terminalOf } from './options.ts'
import { adviceLines } from './render/advice.ts'
import { rebalanceLines } from './render/balance.ts'
import { calibrationLines } from './render/calibration.ts'
import { queueLines, queueListLines } from './render/queues.ts'

const EXAMPLES = `
Examples:
  signalbox queue get ocr             why it is slow, and whether its SLA can be kept
  signalbox queue get ocr -o json     the same for a program
  signalbox queue pause ocr           give nothing of it out; what runs goes on`

export function addQueue(program: Command): void {
  const queue = program
    .command('queue')
    .description('how queues are and what they promise; pause and resume one')
    .addHelpText('after', EXAMPLES)
  queue
    .command('list')
    .description('every queue: health, what waits and runs, its SLA')
    .action(listQueues)
  queue
    .command('get')
    .description('one queue: health with reasons, SLA, longest waits, options')
    .argument('<queue>', 'the queue')
    .action(getQueue)
  queue
    .command('pause')
    .description('give nothing of a queue out any more; what runs goes on')
    .argument('<queue>', 'the queue')
    .action((name: string, _: object, command: Command) => setPaused(name, true, command))
  queue
    .command('resume')
    .description('the reverse of pause')
    .argument('<queue>', 'the queue')
    .action((name: string, _: object, command: Command) => setPaused(name, false, command))
  queue
    .command('advice')
    .description('how many agents there should be, and why; of one queue or of all')
    .argument('[queue]', 'the queue')
    .action(showAdvice)
  queue
    .command('calibration')
    .description('how often people accept what was said with which confidence')
    .argument('<queue>', 'the queue')
    .action(showCalibration)
  queue
    .command('rebalance')
    .description('even out what waits at agents, now; tells what was moved')
    .action(rebalance)
}

async function listQueues(_: object, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    const queues = await client.listQueues()
    if (terminal.format === 'table') {
      terminal.lines(queueListLines(queues, terminal.columns, terminal.colors))
    } else terminal.jsonRows(queues)
  })
}

async function getQueue(name: string, _: object, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    const queue = await client.getQueue(name)
    if (terminal.format === 'table') {
      terminal.lines(queueLines(queue, terminal.columns, terminal.colors))
    } else terminal.json(queue)
  })
}

async function showAdvice(name: string | undefined, _: object, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    const advice = await client.scalingAdvice(name)
    if (terminal.format === 'table') {
      terminal.lines(adviceLines(advice, terminal.columns, terminal.colors))
    } else terminal.jsonRows(advice)
  })
}

async function showCalibration(name: string, _: object, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    const calibration = await client.queueCalibration(name)
    if (terminal.format === 'table') terminal.lines(calibrationLines(calibration, terminal.colors))
    else terminal.json(calibration)
  })
}

async function rebalance(_: object, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    const report = await client.rebalance()
    if (terminal.format === 'table') {
      terminal.lines(rebalanceLines(report, terminal.columns, terminal.colors))
    } else terminal.json(report)
  })
}

async function setPaused(name: string, paused: boolean, command: Command): Promise<void> {
  const terminal = terminalOf(command)
  await withClient(natsFlagOf(command), async (client) => {
    if (paused) await client.pauseQueue(name)
    else await client.resumeQueue(name)
    if (terminal.format !== 'table') terminal.json({ queue: name, paused })
    else if (!paused) terminal.lines([`Queue ${name} goes on.`])
    else {
      terminal.lines([
        `Queue ${name} is paused: nothing of it is given out, what runs goes on.`,
        `It goes on with: signalbox queue resume ${name}`,
      ])
    }
  })
}
