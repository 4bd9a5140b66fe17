/**
 * What a work frame says of a task's place in a graph: its flow, its name there, and what it may read.
 * It stands behind the checkpoint in the extension of an item; a frame with one is of version 4.
 *
 * Invariant: as of all of a frame, what is read has been found whole before.
 *
 * ```
 *  0            1            2            4
 * +------------+------------+------------+- - -
 * | flowLength | nodeLength | inputCount | flow, node, inputs
 * +------------+------------+------------+- - -
 *  each input:
 *  0            1       2       6
 * +------------+-------+-------+- - -
 * | nameLength | state | bytes | name
 * +------------+-------+-------+- - -
 * ```
 *
 * In bytes and not in JSON, as headers say it: a task that brings a thousand results together has as many.
 */
import type { TaskInputView } from '../flow-views.ts'
import { ANSWER_STATES } from './frame-answers.ts'
import { badFrame, putU16, putU32, u16, u32 } from './frame-format.ts'

/** A task's place in a graph, as its agent is told. */
export interface WorkGraph {
  /** '' outside of a flow. */
  readonly flow: string
  readonly node: string
  /** null where there are too many to be told: they are asked for. */
  readonly inputs: readonly TaskInputView[] | null
}

const HEAD_BYTES = 4
const INPUT_BYTES = 6
const NO_BYTES = 0xffff_ffff
/** Instead of a count: to be asked for. */
const ASK = 0xffff

/** @returns how many bytes it takes. */
export function graphBytes({ flow, node, inputs }: WorkGraph): number {
  let bytes = HEAD_BYTES + flow.length + node.length
  for (const { name } of inputs ?? []) bytes += INPUT_BYTES + name.length
  return bytes
}

/** @returns where it ends. */
export function putGraph(buffer: Buffer, at: number, { flow, node, inputs }: WorkGraph): number {
  buffer[at] = flow.length
  buffer[at + 1] = node.length
  putU16(buffer, at + 2, inputs === null ? ASK : inputs.length)
  let end = at + HEAD_BYTES
  end += buffer.write(flow, end, 'latin1')
  end += buffer.write(node, end, 'latin1')
  for (const { name, state, bytes } of inputs ?? []) {
    buffer[end] = name.length
    buffer[end + 1] = ANSWER_STATES.indexOf(state)
    putU32(buffer, end + 2, bytes ?? NO_BYTES)
    end += INPUT_BYTES + buffer.write(name, end + INPUT_BYTES, 'latin1')
  }
  return end
}

/** @throws bad_frame when it is cut, or an input is in no state that there is. */
export function graphSize(bytes: Uint8Array, at: number): number {
  if (at + HEAD_BYTES > bytes.length) throw cut()
  const count = u16(bytes, at + 2)
  let end = at + HEAD_BYTES + (bytes[at] as number) + (bytes[at + 1] as number)
  for (let left = count === ASK ? 0 : count; left > 0; left--) {
    if (end + INPUT_BYTES > bytes.length) throw cut()
    if ((bytes[end + 1] as number) >= ANSWER_STATES.length) {
      throw badFrame(`has an input in the state ${bytes[end + 1]}, which is none`)
    }
    end += INPUT_BYTES + (bytes[end] as number)
  }
  return end - at
}

function cut(): Error {
  return badFrame('has an item whose inputs are cut')
}

/** @param at of one in a frame that was checked whole. */
export function readGraph(bytes: Buffer, at: number): WorkGraph {
  const nodeAt = at + HEAD_BYTES + (bytes[at] as number)
  let end = nodeAt + (bytes[at + 1] as number)
  const flow = bytes.toString('latin1', at + HEAD_BYTES, nodeAt)
  const node = bytes.toString('latin1', nodeAt, end)
  const count = u16(bytes, at + 2)
  if (count === ASK) return { flow, node, inputs: null }
  const inputs: TaskInputView[] = []
  for (let left = count; left > 0; left--) {
    const nameAt = end + INPUT_BYTES
    const state = ANSWER_STATES[bytes[end + 1] as number]
    const length = u32(bytes, end + 2)
    end = nameAt + (bytes[end] as number)
    const name = bytes.toString('latin1', nameAt, end)
    inputs.push({ name, state, bytes: length === NO_BYTES ? null : length })
  }
  return { flow, node, inputs }
}
