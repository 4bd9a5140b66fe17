/**
 * What an agent on NATS is told of a task's place in a graph: its flow, its name there, and the list of
 * what it may read. Main thread.
 *
 * Invariant: a message is never longer than the server lets through: a list that has no room is not told,
 * and its agent asks for it.
 */
import type { TaskInputView } from '../../flow-views.ts'
import type { TaskRecord } from '../../policy/task-record.ts'
import { graphBytes, type WorkGraph } from '../../wire/frames.ts'
import { hasInputs, inputViews } from '../inputs.ts'

/** Of names, numbers and a checkpoint of 4 KiB in base64. */
const OTHER_BYTES = 6_656
/** What JSON has besides the names: `{"name":"","state":"completed","bytes":262144},`. */
const JSON_BYTES = 50

/** @returns what one of a list takes in JSON, at most. */
export function inputJsonBytes({ name }: TaskInputView): number {
  return JSON_BYTES + name.length
}

function jsonBytes(inputs: readonly TaskInputView[]): number {
  return inputs.reduce((sum, input) => sum + inputJsonBytes(input), 0)
}

/**
 * @param room what the server lets through in one message.
 * @param isJson the list goes as JSON in a header.
 * @returns null for a task outside of graphs. *Cost* of nearly all: two loads.
 */
export function workGraph(record: TaskRecord, room: number, isJson: boolean): WorkGraph | null {
  const { extras } = record
  if (extras === null) return null
  const { links } = extras.standsFor?.extras ?? extras
  const flow = links === null ? null : links.flow
  if (flow === null && !hasInputs(record)) return null
  const graph = { flow: flow?.id ?? '', node: links?.node ?? '', inputs: inputViews(record) }
  const bytes = isJson ? jsonBytes(graph.inputs) : graphBytes(graph)
  return record.payloadBytes + bytes + OTHER_BYTES <= room ? graph : { ...graph, inputs: null }
}
