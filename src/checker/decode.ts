/** The checker's own reader, by docs/journal.md. It holds one piece and less than one record. */
// biome-ignore-all format: the checker is held to 300 lines, so small steps share one
const LAYOUT = `1 HEAD magic version facts:t / 3 TIME ms:w / 4 STRING number text:t / 5 END
16 SUBMIT refused:n seq:w queue:n level requires:n runMs:u retries x x x x id:t / 33 TICK
17 OFFER task:w into generation / 19 BOUNCE task:w slot / 20 WITHDRAW task:w slot generation
18 PROPOSE answer slot generation agent agentGeneration byRouter task:w counter:w dispatch
23 SUCCEEDED task:w slot / 24 FAILED task:w slot code:n retryable / 25 DISPATCH_FAILED task:w slot
26 CANCEL task:w answer / 35 PREFETCH agent count / 34 PULL refused:n who:n instance:n count
27 HELLO refused:n index generation id:n instance:n queues:n can:n size x x keeps pull
28 BEAT refused:n who:n / 29 BYE refused:n who:n instance:n drain / 30 DRAIN refused:n who:n
31 AGENT_LOST agent / 64 OUTCOME task:w state code:n attempts / 65 FORGOTTEN seq:w
66 ENDED task:w counter:w agent how:n charged / 68 AGENT_UP index generation / 69 AGENT_DOWN agent
72 CREDIT_BACK agent counter:w / 73 REPEAT task:w counter:w agent`
const lines = LAYOUT.split(/\n| \/ /).map((line) => line.split(' ').map((word) => word.split(':')))
const KINDS = new Map(lines.map(([[of], [kind], ...fields]) => [Number(of), { kind, fields }]))
/** A record: number and name of its kind, its numbers and its texts. */
export type Row = { of: number; kind: string; n: Record<string, number>; s: Record<string, string> }
export class Decoder {
  records = 0
  /** The bytes of a record that is not whole yet. */
  rest = Buffer.alloc(0)
  readonly #names = ['']
  /** @param tell is given each whole record. @throws RangeError when what comes is none. */
  push(piece: Uint8Array, tell: (row: Row) => void): void {
    const bytes = Buffer.concat([this.rest, piece])
    let done = 0
    for (let at = 0, end = 0; at + 4 <= bytes.length; at = end) {
      end = at + (bytes.readUInt32LE(at) >>> 8) * 4
      if (end > bytes.length) break
      this.records++; done = end
      const of = bytes[at], { kind, fields } = KINDS.get(of) ?? { kind: '', fields: [] }
      const row: Row = { of, kind, n: {}, s: {} }
      at += 4
      for (const [name, type] of fields) {
        if (at === end && kind === 'PROPOSE') break
        const word = at < end ? bytes.readUInt32LE(at) : 0, next = at + 4
        if (type === 'n') row.s[name] = this.#names[word] ?? `text ${word}`
        else if (type === 't') row.s[name] = bytes.toString('utf8', next, next + word)
        else row.n[name] = type === undefined ? word | 0 : word
        if (type === 'w') row.n[name] += (next < end ? bytes.readUInt32LE(next) : 0) * 2 ** 32
        at = next + (type === 'w' ? 4 : type === 't' ? (word + 3) & ~3 : 0)
      }
      if (at > end) throw new RangeError(`Record ${this.records} is shorter than its fields.`)
      if (kind === 'STRING') this.#names[row.n.number] = row.s.text
      tell(row)
    }
    this.rest = bytes.subarray(done)
  }
}
