/**
 * The ledger's files: blocks are appended, a new file is begun beyond a size, the oldest go beyond a
 * number. The ledger's thread; it writes synchronously, which is all that it does besides hashing.
 *
 * ```
 *   OPEN ── append ──► OPEN ── too large ──► next file, which begins with a head ──► OPEN
 *     └── a write failed: cut back to the last whole block, said once ──► FAILED, memory goes on
 * ```
 *
 * Invariant: files hold whole blocks in the order of the chain; what a crash leaves of one stands at the
 * end of a file, and the head of the next one says how many bytes that is.
 */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { walk, withFile } from './block-source.ts'
import { type Chain, hexOf } from './chain.ts'
import { HASH_BYTES, type HeadFacts } from './format.ts'
import { ledgerFailed } from './ledger-failed.ts'
import { ledgerFilesIn } from './verify.ts'

export interface LedgerFilesOptions {
  directory: string
  fileBytesMax: number
  /** 0 keeps all. */
  filesMax: number
}

/** What every head says. */
export type HeadStart = Pick<HeadFacts, 'scheduler' | 'epoch' | 'startedAt'>

export class LedgerFiles {
  readonly #options: LedgerFilesOptions
  readonly #chain: Chain
  readonly #start: HeadStart
  #file = -1
  #path = ''
  #fileBytes = 0
  #isDirty = false
  #cutBytes = 0
  failure: string | null = null

  /** Looks for a chain to go on with, and goes on with it. @throws ledger_failed */
  constructor(options: LedgerFilesOptions, chain: Chain, start: HeadStart) {
    this.#options = options
    this.#chain = chain
    this.#start = start
    try {
      mkdirSync(options.directory, { recursive: true })
    } catch (error) {
      throw ledgerFailed(`The ledger's folder ${options.directory} cannot be made`, error)
    }
    this.#goOn()
  }

  /** @returns the head of the first file, which is part of the chain. @throws ledger_failed */
  begin(nowMs: number): Uint8Array {
    return this.#open('start', nowMs)
  }

  /**
   * Writes a block that is in the chain already.
   * @param next makes the head of the next file part of what is kept elsewhere too.
   */
  append(block: Uint8Array): void {
    if (this.failure !== null) return
    try {
      writeWhole(this.#file, block)
      this.#fileBytes += block.length
      this.#isDirty = true
    } catch (error) {
      this.#fail(error)
    }
  }

  /**
   * Call it before a block of so many bytes is put into the chain.
   * @returns the head of the new file, when one was begun.
   */
  makeRoom(bytes: number, nowMs: number): Uint8Array | null {
    if (this.failure !== null || this.#fileBytes + bytes <= this.#options.fileBytesMax) return null
    try {
      this.close()
      return this.#open('rotation', nowMs)
    } catch (error) {
      this.#fail(error)
      return null
    }
  }

  /** What was written is on the disk. */
  sync(): void {
    if (!this.#isDirty || this.#file < 0) return
    this.#isDirty = false
    try {
      fsyncSync(this.#file)
    } catch (error) {
      this.#fail(error)
    }
  }

  close(): void {
    if (this.#file < 0) return
    this.sync()
    if (this.#file < 0) return
    closeSync(this.#file)
    this.#file = -1
  }

  #goOn(): void {
    const last = ledgerFilesIn(this.#options.directory).at(-1)
    if (last === undefined) return
    withFile(last, (bytes) =>
      walk(bytes, (stretch) => {
        this.#cutBytes = stretch.is === 'block' ? 0 : stretch.to - stretch.from
        if (stretch.is !== 'block') return
        this.#chain.nextNumber = stretch.header.number + 1
        this.#chain.lastHash = new Uint8Array(stretch.block.subarray(-HASH_BYTES))
      }),
    )
  }

  #open(reason: HeadFacts['reason'], nowMs: number): Uint8Array {
    const { nextNumber, lastHash } = this.#chain
    const cutBytes = this.#cutBytes
    this.#cutBytes = 0
    const time = new Date(nowMs).toISOString().replaceAll(/[-:.]/g, '')
    const name = `ledger-${String(nextNumber).padStart(12, '0')}-${time}.sbl`
    this.#path = join(this.#options.directory, name)
    const head = this.#chain.head(
      { ...this.#start, reason, continues: hexOf(lastHash), cutBytes },
      nowMs,
    )
    try {
      // Two schedulers in one folder would tear the chain apart.
      this.#file = openSync(this.#path, 'wx')
      writeWhole(this.#file, head)
      this.#fileBytes = head.length
      this.#isDirty = true
    } catch (error) {
      throw ledgerFailed(`The ledger's file ${this.#path} cannot be made`, error)
    }
    this.#deleteOldest()
    return head
  }

  #deleteOldest(): void {
    const { directory, filesMax } = this.#options
    if (filesMax === 0) return
    const files = ledgerFilesIn(directory)
    for (const file of files.slice(0, Math.max(0, files.length - filesMax))) {
      rmSync(file, { force: true })
    }
  }

  #fail(error: unknown): void {
    const { code, message } = error as NodeJS.ErrnoException
    this.failure =
      `The ledger's file ${basename(this.#path)} cannot be written (${code ?? message}): from now on it ` +
      'is kept in memory only; make room, and start the scheduler again.'
    if (this.#file < 0) return
    try {
      if (fstatSync(this.#file).size > this.#fileBytes) ftruncateSync(this.#file, this.#fileBytes)
      closeSync(this.#file)
    } catch {
      // Nothing more can be done for it; what is whole in it can be verified.
    }
    this.#file = -1
  }
}

/** Ends: each write takes at least a byte, or throws. */
function writeWhole(file: number, bytes: Uint8Array): void {
  for (let from = 0; from < bytes.length; ) {
    from += writeSync(file, bytes, from, bytes.length - from)
  }
}
