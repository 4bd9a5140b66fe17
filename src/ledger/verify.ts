/**
 * Recomputes a chain of blocks and says what does not fit, and where. Any thread but that of NATS.
 *
 * | finding   | what is found                                                                    |
 * | --------- | -------------------------------------------------------------------------------- |
 * | changed   | a block whose bytes do not give its hash, or whose header does not give its check |
 * | rewritten | a block that fits itself, but not what its successor was chained to               |
 * | missing   | numbers that no block has, between two that are there                            |
 * | doubled   | a block that was there before                                                    |
 * | reordered | a block that stands behind its successor                                         |
 * | cut       | a block at the end of a file that is not all there                               |
 * | foreign   | bytes that are no block                                                          |
 * | headless  | a file that does not begin with a head                                           |
 *
 * Invariant: no finding means that every byte is part of a block whose hash was computed anew, and
 * that each block continues the one before; what stood before the first, and who wrote it all anew
 * from the start, a chain cannot tell.
 */
import { readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Bytes, bytesInMemory, type Stretch, walk, withFile } from './block-source.ts'
import { type BlockHeader, hashOf, hexOf, readHead } from './chain.ts'
import { BLOCK_END, BLOCK_HEAD, FILE_NAME, HASH_BYTES } from './format.ts'
import { ledgerFailed } from './ledger-failed.ts'
import {
  type FindingKind,
  type LedgerFinding,
  type LedgerVerdict,
  missingMessage,
} from './verdict.ts'

export type * from './verdict.ts'

const FINDINGS_MAX = 100
const NO_HASH = '0'.repeat(2 * HASH_BYTES)

/** @returns the ledger files of a folder, in the order in which they were written. */
export function ledgerFilesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => FILE_NAME.test(name))
      .sort()
      .map((name) => join(directory, name))
  } catch (error) {
    throw ledgerFailed(`${directory} cannot be read`, error)
  }
}

/** @returns the files that a path stands for: itself, or those of a folder. @throws ledger_failed */
export function ledgerFilesOf(path: string): string[] {
  try {
    return statSync(path).isDirectory() ? ledgerFilesIn(path) : [path]
  } catch (error) {
    throw ledgerFailed(`${path} cannot be read`, error)
  }
}

/**
 * Verifies files as one chain, in this order.
 * @param hash in hex: is it the hash of one of their blocks?
 * @throws ledger_failed
 */
export function verifyFiles(files: readonly string[], hash?: string): LedgerVerdict {
  const verifier = new ChainVerifier(hash)
  for (const file of files) withFile(file, (bytes) => verifier.file(basename(file), bytes))
  return verifier.verdict()
}

export function verifyMemory(blocks: Uint8Array, hash?: string): LedgerVerdict {
  const verifier = new ChainVerifier(hash)
  verifier.file('memory', bytesInMemory(blocks), false)
  return verifier.verdict()
}

interface Missing {
  from: number
  to: number
  finding: LedgerFinding
}

/** What a block is held against. */
interface Before {
  number: number
  /** What its successor must name: its hash as computed, and as it stands there. */
  computed: string
  stored: string
  place: Place
}

interface Place {
  file: string
  fromByte: number
  toByte: number
  header: BlockHeader | null
}

export class ChainVerifier {
  readonly #hash: string | undefined
  #files = 0
  #bytes = 0
  #blocks = 0
  #entries = 0
  #lost = 0
  #first: BlockHeader | null = null
  #last: BlockHeader | null = null
  #lastHash: string | null = null
  #toMs: number | null = null
  #hasHash = false
  /** The block of the highest number so far. */
  #before: Before | null = null
  /** Bytes in front were no block, so some block is missing there and was told of. */
  #isBroken = false
  #pendingCut: LedgerFinding | null = null
  readonly #missing: Missing[] = []
  readonly #notes: string[] = []
  readonly #findings: LedgerFinding[] = []

  constructor(hash?: string) {
    this.#hash = hash?.toLowerCase()
  }

  /** The next file of the chain. @param hasHead whether it is to begin with one. */
  file(file: string, bytes: Bytes, hasHead = true): void {
    this.#files++
    this.#bytes += bytes.length
    let isFirst = hasHead
    walk(bytes, (stretch) => {
      this.#take(file, stretch, isFirst)
      isFirst = false
    })
    if (bytes.length === 0) this.#notes.push(`${file} is empty.`)
  }

  verdict(): LedgerVerdict {
    if (this.#pendingCut !== null) this.#add(this.#pendingCut)
    this.#pendingCut = null
    const findings = this.#findings
    const notes = [...this.#notes]
    const first = this.#first
    if (first !== null && first.number > 1) {
      notes.push(
        `It begins at block ${first.number}: those before were deleted by rotation, or by somebody.`,
      )
    }
    const isEnded = this.#last?.kind === BLOCK_END
    if (this.#last !== null && !isEnded) {
      notes.push(
        'It has no end: its scheduler is running, was killed, or somebody took the end away.',
      )
    }
    return {
      files: this.#files,
      bytes: this.#bytes,
      blocks: this.#blocks,
      entries: this.#entries,
      lost: this.#lost,
      firstBlock: first?.number ?? null,
      lastBlock: this.#last?.number ?? null,
      from: first?.fromMs ?? null,
      to: this.#toMs,
      lastHash: this.#lastHash,
      isEnded,
      hasHash: this.#hash === undefined ? null : this.#hasHash,
      notes,
      findings: findings.slice(0, FINDINGS_MAX),
      total: findings.length,
    }
  }

  #take(file: string, stretch: Stretch, isFirst: boolean): void {
    const { from: fromByte, to: toByte } = stretch
    const header = stretch.is === 'foreign' ? null : stretch.header
    const place: Place = { file, fromByte, toByte, header }
    if (stretch.is === 'foreign') this.#foreign(place)
    else if (stretch.is === 'cut') this.#cut(place)
    else this.#block(place, stretch.header, stretch.block, isFirst)
  }

  #foreign(place: Place): void {
    const { fromByte, toByte } = place
    const after = this.#before === null ? 'at the start' : `behind block ${this.#before.number}`
    this.#isBroken = true
    const message =
      `Bytes ${fromByte} to ${toByte - 1} of ${place.file}, ${after}, are no block: the header of one ` +
      'was changed, or they were put in.'
    this.#find('foreign', place, this.#expected, message)
  }

  #cut(place: Place): void {
    const { file, fromByte, toByte, header } = place
    const number = header?.number ?? this.#expected
    const name = number === null ? 'a block' : `block ${number}`
    const whole = header === null ? '' : ` of ${header.bytes}`
    const message =
      `${file} ends in the middle of ${name}: ${toByte - fromByte}${whole} bytes of it are there, from ` +
      `byte ${fromByte} on. So a crash leaves it, or a scheduler that is writing right now.`
    this.#pendingCut = this.#finding('cut', place, number, message)
  }

  #block(place: Place, header: BlockHeader, block: Uint8Array, isFirst: boolean): void {
    this.#settleCut(header, block)
    const isWhole = block.length === header.bytes
    const computed = hexOf(hashOf(block.subarray(0, header.bytes - HASH_BYTES)))
    const stored = hexOf(block.subarray(block.length - HASH_BYTES))
    if (isFirst && header.kind !== BLOCK_HEAD) this.#headless(place)
    if (!isWhole || computed !== stored) this.#changed(place, block.length)
    const before = this.#before
    if (before === null || header.number > before.number) {
      this.#continues(place, before)
      this.#before = { number: header.number, computed, stored, place }
      this.#last = header
      this.#lastHash = stored
    } else this.#outOfPlace(place, before)
    this.#isBroken = false
    this.#first ??= header
    this.#blocks++
    this.#entries += header.entries
    this.#lost += header.lost
    this.#toMs = Math.max(this.#toMs ?? 0, header.toMs)
    if (stored === this.#hash) this.#hasHash = true
  }

  /** A head that says what was cut off before it makes a cut part of the story. */
  #settleCut(header: BlockHeader, block: Uint8Array): void {
    const cut = this.#pendingCut
    if (cut === null) return
    this.#pendingCut = null
    const head = readHead(block)
    if (header.kind === BLOCK_HEAD && head?.cutBytes === cut.toByte - cut.fromByte) {
      this.#notes.push(
        `${cut.file} ends in the middle of a block, ${head.cutBytes} bytes, as a crash leaves it; ` +
          'the file behind it says so and goes on from the last whole one.',
      )
    } else this.#add(cut)
  }

  get #expected(): number | null {
    return this.#before === null ? null : this.#before.number + 1
  }

  #headless(place: Place): void {
    const message = `${place.file} begins with block ${place.header!.number}, which is no head: what stood before it was taken away.`
    this.#find('headless', place, place.header!.number, message)
  }

  #changed(place: Place, length: number): void {
    const header = place.header!
    const size =
      length === header.bytes
        ? 'its bytes do not give its hash'
        : `it is ${length} bytes long instead of ${header.bytes}`
    this.#find('changed', place, header.number, `${this.#named(place)} was changed: ${size}.`)
  }

  #continues(place: Place, before: Before | null): void {
    const header = place.header!
    if (before === null) {
      if (header.number !== 1 || header.previousHash === NO_HASH) return
      const message = `${this.#named(place)} is the first and yet continues another one.`
      this.#find('rewritten', place, header.number, message)
      return
    }
    if (header.number > before.number + 1) {
      // Bytes that are no block were told of already; they stand for one.
      const from = before.number + (this.#isBroken ? 2 : 1)
      if (from < header.number) this.#missingFrom(place, before, from)
      return
    }
    const { computed, stored } = before
    if (header.previousHash === computed || header.previousHash === stored) return
    if (this.#findings.some(({ block, kind }) => kind === 'changed' && block === before.number))
      return
    const message = `${this.#named(before.place)} was rewritten with its hash: block ${header.number} was chained to another one.`
    this.#find('rewritten', before.place, before.number, message)
  }

  #missingFrom(place: Place, before: Before, from: number): void {
    const to = place.header!.number - 1
    const where =
      before.place.file === place.file
        ? `in ${place.file}, before byte ${place.fromByte}`
        : `between ${before.place.file} and ${place.file}`
    const finding = this.#finding('missing', place, from, missingMessage(from, to, where))
    finding.toByte = finding.fromByte
    finding.from = before.place.header?.toMs ?? null
    finding.to = place.header!.fromMs
    finding.firstTask = null
    finding.lastTask = null
    this.#missing.push({ from, to, finding })
    this.#add(finding)
  }

  /** It has a number that was passed: it is there twice, or was looked for further in front. */
  #outOfPlace(place: Place, before: Before): void {
    const { number } = place.header!
    const gap = this.#missing.find(({ from, to }) => from <= number && number <= to)
    if (gap === undefined) {
      const message = `${this.#named(place)} is there twice.`
      this.#find('doubled', place, number, message)
      return
    }
    this.#missing.splice(this.#missing.indexOf(gap), 1)
    this.#findings.splice(this.#findings.indexOf(gap.finding), 1)
    for (const [from, to] of [
      [gap.from, number - 1],
      [number + 1, gap.to],
    ]) {
      if (from > to) continue
      const message = missingMessage(from, to, `in ${gap.finding.file}`)
      const finding = { ...gap.finding, block: from, message }
      this.#missing.push({ from, to, finding })
      this.#findings.push(finding)
    }
    const message = `${this.#named(place)} stands behind block ${before.number}: blocks were put in another order.`
    this.#find('reordered', place, number, message)
  }

  #named({ file, fromByte, toByte, header }: Place): string {
    const { number, fromMs, toMs, seqFirst, seqLast } = header!
    const times = `${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`
    const some = seqFirst === seqLast ? `task ${seqFirst}` : `tasks ${seqFirst} to ${seqLast}`
    const tasks = seqFirst < 0 ? 'no tasks' : some
    return `Block ${number} (${file}, bytes ${fromByte} to ${toByte - 1}; ${times}; ${tasks})`
  }

  #find(kind: FindingKind, place: Place, block: number | null, message: string): void {
    this.#add(this.#finding(kind, place, block, message))
  }

  #add(finding: LedgerFinding): void {
    this.#findings.push(finding)
  }

  #finding(
    kind: FindingKind,
    { file, fromByte, toByte, header }: Place,
    block: number | null,
    message: string,
  ): LedgerFinding {
    return {
      kind,
      file,
      block,
      fromByte,
      toByte,
      from: header?.fromMs ?? null,
      to: header?.toMs ?? null,
      firstTask: header === null || header.seqFirst < 0 ? null : header.seqFirst,
      lastTask: header === null || header.seqLast < 0 ? null : header.seqLast,
      message,
    }
  }
}
