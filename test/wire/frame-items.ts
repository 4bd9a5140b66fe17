/** Items of frames as plain objects: what a reader shows at each, in the shape of the samples. */
import {
  AckReader,
  AnswerReader,
  BeatReader,
  type ResultReader,
  SubmitReader,
  WorkReader,
} from '../../src/wire/frames.ts'

export type AnyReader =
  | SubmitReader
  | AnswerReader
  | WorkReader
  | ResultReader
  | AckReader
  | BeatReader

/** The item at which the reader stands, as one of `Sample.items`. */
export function itemOf(reader: AnyReader): object {
  if (reader instanceof AckReader || reader instanceof BeatReader) {
    return { counter: reader.counter }
  }
  const { bytes, payloadStart, payloadLength } = reader
  const payload = bytes.toString('utf8', payloadStart, payloadStart + payloadLength)
  if (reader instanceof SubmitReader) {
    const { number, timeoutMs, retryCount, wantsAccepted, wantsOutcome } = reader
    const texts = { id: reader.id(), requires: reader.requires() }
    const { bytes: _, ...extension } = reader.extension() ?? { bytes: 0 }
    const more = {
      ...(reader.extensionLength > 0 ? { extension } : {}),
      ...(reader.hasPromises ? { promises: reader.promises() } : {}),
    }
    return {
      number,
      timeoutMs,
      retryCount,
      wantsAccepted,
      wantsOutcome,
      ...texts,
      ...more,
      payload,
    }
  }
  if (reader instanceof AnswerReader) {
    const { number, what, state, isDuplicate, isRetryable, status, attempts } = reader
    const texts = { id: reader.id(), code: reader.code(), message: reader.message() }
    const flags = { isDuplicate, isRetryable }
    return { number, what, state, ...flags, status, attempts, ...texts, payload }
  }
  if (reader instanceof WorkReader) {
    const { slot, counter, seq, attempt } = reader
    const more = {
      ...(reader.typeLength > 0 ? { type: reader.type() } : {}),
      ...(reader.extensionLength > 0 ? { extension: reader.extension() } : {}),
    }
    return { slot, counter, seq, attempt, id: reader.id(), queue: reader.queue(), ...more, payload }
  }
  const { slot, counter, seq, heldUs, workUs, isFailure, isRetryable } = reader
  const texts = { code: reader.code(), message: reader.message() }
  const more = reader.yields ? { yields: true } : {}
  return { slot, counter, seq, heldUs, workUs, isFailure, isRetryable, ...more, ...texts, payload }
}

export function itemsOf(reader: AnyReader, frame: Uint8Array): object[] {
  reader.open(frame)
  const items: object[] = []
  while (reader.next()) items.push(itemOf(reader))
  return items
}
