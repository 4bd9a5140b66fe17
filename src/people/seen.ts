/**
 * What somebody saw before they decided, as a digest that the ledger has: SHA-256 over the payload and
 * every input. Any thread; pure.
 *
 * Invariant: two tasks have one digest only when payload, names of inputs and their bytes are alike, and
 * in the same order; docs/people.md tells the form, so that anybody can compute it again.
 *
 *   payload:  length as 8 bytes, little-endian │ bytes
 *   input:    length of its name as 8 bytes │ name in UTF-8 │ length as 8 bytes │ bytes
 *                                                                └─ all ones for one without a result
 */
import { createHash } from 'node:crypto'

export interface SeenInput {
  readonly name: string
  /** null when it has no result. */
  readonly bytes: Uint8Array | null
}

const NO_RESULT = 0xffff_ffff_ffff_ffffn

/** @returns 32 bytes. */
export function seenOf(payload: Uint8Array, inputs: readonly SeenInput[]): Buffer {
  const hash = createHash('sha256').update(lengthOf(payload)).update(payload)
  for (const { name, bytes } of inputs) {
    const nameBytes = Buffer.from(name)
    hash.update(lengthOf(nameBytes)).update(nameBytes).update(lengthOf(bytes))
    if (bytes !== null) hash.update(bytes)
  }
  return hash.digest()
}

function lengthOf(bytes: Uint8Array | null): Buffer {
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(bytes === null ? NO_RESULT : BigInt(bytes.length))
  return length
}
