/**
 * Frames of kind 3, scheduler → agent: up to 64 attempts to work on. The number in the head is
 * the scheduler's epoch, and so part of the token of each.
 *
 * ```
 *  0      4         12    16              20        22   23    24
 * +------+---------+-----+---------------+---------+----+-----+- - -
 * | slot | counter | seq | payloadLength | attempt | id |queue| id, queue, payload
 * |      |         |     |               |         | len| len |
 * +------+---------+-----+---------------+---------+----+-----+- - -
 * ```
 *
 * A task whose type is not its queue's name has it behind the queue: its length in one byte, then the
 * text. The highest bit of the queue's length announces it; a frame with one is of version 2.
 *
 * What only tasks have that were moved or interrupted stands behind that, announced by the highest bit
 * of the id's length; a frame with one is of version 3.
 *
 * ```
 *  0              1   2                  4
 * +--------------+---+------------------+- - -
 * | sourceLength | f | checkpointLength | source queue, checkpoint
 * +--------------+---+------------------+- - -
 * ```
 *
 * `f` is 0, or 1 where the task's place in a graph stands behind the checkpoint (frame-inputs.ts); a frame
 * with one is of version 4.
 */
import {
  badFrame,
  FRAME,
  FRAME_KIND,
  isExact,
  putU16,
  putU32,
  putU64,
  u16,
  u32,
  u64,
} from './frame-format.ts'
import { graphBytes, graphSize, putGraph, readGraph, type WorkGraph } from './frame-inputs.ts'
import type { FramePool } from './frame-pool.ts'
import { FrameReader, RepeatedText } from './frame-reader.ts'
import { digitCount, FrameWriter, textBytes } from './frame-writer.ts'

const ITEM_BYTES = 24
/** Of the queue's length, which is 64 at most. */
const HAS_TYPE = 0x80
/** The first version with types. */
export const TYPES_VERSION = 2
/** Of the id's length, which is 64 at most. */
const IS_EXTENDED = 0x80
/** The first version with tasks that were moved or interrupted. */
export const MOVES_VERSION = 3
const EXTENSION_BYTES = 4
/** In an extension: the task's place in a graph follows. */
const HAS_GRAPH = 1
/** The first version with graphs. */
export const GRAPHS_VERSION = 4

/** What only tasks have that were moved or interrupted, or are part of a graph. */
export interface WorkExtension {
  /** Where it was submitted; '' for the queue that serves it. */
  readonly sourceQueue: string
  /** What the attempt before handed back; null for nothing. */
  readonly checkpoint: Uint8Array | null
  /** null outside of a graph. */
  readonly graph: WorkGraph | null
}

function extensionBytes({ sourceQueue, checkpoint, graph }: WorkExtension): number {
  const length = EXTENSION_BYTES + textBytes(sourceQueue, 0xff) + (checkpoint?.length ?? 0)
  return graph === null ? length : length + graphBytes(graph)
}

export class WorkWriter extends FrameWriter {
  /** @param bytesMax what a frame may come to, where the server takes less than `FRAME.bytesMax`. */
  constructor(pool: FramePool, bytesMax: number = FRAME.bytesMax) {
    super(pool, FRAME_KIND.work, FRAME.itemsMax, bytesMax)
  }

  /**
   * @param slot and `counter` and `seq`: the attempt's, with the epoch its token.
   * @param attempt how often the task was started, this time included.
   * @param idNumber stands behind `id` in decimal, unless it is -1: no text is made of the two.
   * @param type '' where it is the queue's name, or not to be told.
   * @param extension null for most tasks.
   * @returns false when it would not fit: `finish` first.
   */
  add(
    slot: number,
    counter: number,
    seq: number,
    attempt: number,
    id: string,
    queue: string,
    bytes: Uint8Array,
    start: number,
    length: number,
    idNumber = -1,
    type = '',
    extension: WorkExtension | null = null,
  ): boolean {
    const idLength = textBytes(id, 0x7f) + (idNumber < 0 ? 0 : digitCount(idNumber))
    const queueLength = textBytes(queue, 0x7f)
    const typeBytes = type === '' ? 0 : 1 + textBytes(type, 0xff)
    const moreBytes = extension === null ? 0 : extensionBytes(extension)
    const textsLength = idLength + queueLength + typeBytes
    if (!this.reserve(ITEM_BYTES + textsLength + moreBytes + length)) return false
    const { buffer, at } = this
    putU32(buffer, at, slot)
    putU64(buffer, at + 4, counter)
    putU32(buffer, at + 12, seq)
    putU32(buffer, at + 16, length)
    putU16(buffer, at + 20, Math.min(attempt, 0xffff))
    buffer[at + 22] = extension === null ? idLength : idLength | IS_EXTENDED
    buffer[at + 23] = type === '' ? queueLength : queueLength | HAS_TYPE
    let end = this.putText(at + ITEM_BYTES, id)
    if (idNumber >= 0) end = this.putDigits(end, idNumber)
    end = this.putText(end, queue)
    if (type !== '') end = this.putType(end, type)
    if (extension !== null) end = this.putExtension(end, extension)
    this.at = this.putBytes(end, bytes, start, length)
    return true
  }

  private putType(at: number, type: string): number {
    this.needsVersion(TYPES_VERSION)
    this.buffer[at] = type.length
    return this.putText(at + 1, type)
  }

  private putExtension(at: number, { sourceQueue, checkpoint, graph }: WorkExtension): number {
    const { buffer } = this
    this.needsVersion(graph === null ? MOVES_VERSION : GRAPHS_VERSION)
    buffer[at] = sourceQueue.length
    buffer[at + 1] = graph === null ? 0 : HAS_GRAPH
    putU16(buffer, at + 2, checkpoint?.length ?? 0)
    let end = this.putText(at + EXTENSION_BYTES, sourceQueue)
    if (checkpoint !== null) end = this.putBytes(end, checkpoint, 0, checkpoint.length)
    return graph === null ? end : putGraph(buffer, end, graph)
  }
}

export class WorkReader extends FrameReader {
  private readonly lastQueue = new RepeatedText()
  private readonly lastType = new RepeatedText()
  private idAt = 0
  idLength = 0
  queueLength = 0
  /** 0 where it is the queue's name. */
  typeLength = 0
  /** 0 for most tasks. */
  extensionLength = 0
  slot = 0
  counter = 0
  seq = 0
  attempt = 0
  payloadStart = 0
  payloadLength = 0

  constructor() {
    super(FRAME_KIND.work, ITEM_BYTES, 1, FRAME.itemsMax, GRAPHS_VERSION)
  }

  get epoch(): number {
    return this.headNumber
  }

  id(): string {
    return this.bytes.toString('latin1', this.idAt, this.idAt + this.idLength)
  }

  queue(): string {
    return this.lastQueue.read(this.bytes, this.idAt + this.idLength, this.queueLength)
  }

  /** '' where it is the queue's name. */
  type(): string {
    const end = this.payloadStart - this.extensionLength
    return this.lastType.read(this.bytes, end - this.typeLength, this.typeLength)
  }

  /** null for most tasks. */
  extension(): WorkExtension | null {
    const { bytes, payloadStart, extensionLength } = this
    return extensionLength === 0 ? null : workExtension(bytes, payloadStart - extensionLength)
  }

  protected override sizeOf(at: number): number {
    const { bytes } = this
    if (!isExact(bytes, at + 4)) throw badFrame('has a counter beyond 2^53 - 1')
    const idLength = bytes[at + 22] as number
    const queueLength = bytes[at + 23] as number
    const isTyped = queueLength >= HAS_TYPE && this.version >= TYPES_VERSION
    const isExtended = idLength >= IS_EXTENDED && this.version >= MOVES_VERSION
    if (isTyped || isExtended) return this.longerSize(at, isTyped, isExtended)
    return ITEM_BYTES + idLength + queueLength + u32(bytes, at + 16)
  }

  private longerSize(at: number, isTyped: boolean, isExtended: boolean): number {
    const { bytes } = this
    const idLength = bytes[at + 22] as number
    const queueLength = bytes[at + 23] as number
    let end = at + ITEM_BYTES + (isExtended ? idLength & ~IS_EXTENDED : idLength)
    end += isTyped ? queueLength & ~HAS_TYPE : queueLength
    if (isTyped) {
      if (end >= bytes.length) throw badFrame('ends before the type of an item')
      if (bytes[end] === 0) throw badFrame('has an item with an empty type')
      end += 1 + (bytes[end] as number)
    }
    if (isExtended) end += extensionSize(bytes, end, this.version)
    return end - at + u32(bytes, at + 16)
  }

  protected override readItem(at: number): number {
    const { bytes } = this
    this.slot = u32(bytes, at)
    this.counter = u64(bytes, at + 4)
    this.seq = u32(bytes, at + 12)
    this.payloadLength = u32(bytes, at + 16)
    this.attempt = u16(bytes, at + 20)
    this.idAt = at + ITEM_BYTES
    const idLength = bytes[at + 22] as number
    const queueLength = bytes[at + 23] as number
    const isTyped = queueLength >= HAS_TYPE && this.version >= TYPES_VERSION
    const isExtended = idLength >= IS_EXTENDED && this.version >= MOVES_VERSION
    this.idLength = isExtended ? idLength & ~IS_EXTENDED : idLength
    this.queueLength = isTyped ? queueLength & ~HAS_TYPE : queueLength
    this.payloadStart = this.idAt + this.idLength + this.queueLength
    this.typeLength = isTyped ? (bytes[this.payloadStart] as number) : 0
    if (isTyped) this.payloadStart += 1 + this.typeLength
    this.extensionLength = isExtended ? extensionSize(bytes, this.payloadStart, this.version) : 0
    this.payloadStart += this.extensionLength
    return this.payloadStart + this.payloadLength
  }
}

/** @throws bad_frame when it is cut, or not 0 where it is to be. */
function extensionSize(bytes: Uint8Array, at: number, version: number): number {
  if (at + EXTENSION_BYTES > bytes.length) throw badFrame('has an item whose extension is cut')
  const flag = bytes[at + 1] as number
  if (flag > (version < GRAPHS_VERSION ? 0 : HAS_GRAPH)) {
    throw badFrame('has an item that is not 0 where it is to be')
  }
  const length = EXTENSION_BYTES + (bytes[at] as number) + u16(bytes, at + 2)
  return flag === 0 ? length : length + graphSize(bytes, at + length)
}

/** @param at of an extension in a frame that was checked whole. */
export function workExtension(bytes: Buffer, at: number): WorkExtension {
  const sourceAt = at + EXTENSION_BYTES
  const checkpointAt = sourceAt + (bytes[at] as number)
  const length = u16(bytes, at + 2)
  const checkpoint = bytes.subarray(checkpointAt, checkpointAt + length)
  return {
    sourceQueue: bytes.toString('latin1', sourceAt, checkpointAt),
    checkpoint: length === 0 ? null : Uint8Array.from(checkpoint),
    graph: bytes[at + 1] === HAS_GRAPH ? readGraph(bytes, checkpointAt + length) : null,
  }
}
