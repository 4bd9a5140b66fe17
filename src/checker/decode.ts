/** The checker's own reader, by docs/journal.md. It holds one piece and less than one record. */
// biome-ignore-all format: the checker is held to few lines, so small steps share one
const LAYOUT = `25 DISPATCH_FAILED:running task:w slot / 64 OUTCOME task:w state code:n attempts
18 PROPOSE:offered answer slot generation agent agentGeneration byRouter task:w counter:w dispatch
1 HEAD magic version facts:t / 30 DRAIN refused:n who:n / 68 AGENT_UP index generation
3 TIME ms:w / 17 OFFER:waiting task:w into generation / 29 BYE refused:n who:n instance:n drain
4 STRING number text:t / 31 AGENT_LOST agent / 65 FORGOTTEN seq:w / 69 AGENT_DOWN agent
5 END / 16 SUBMIT refused:n seq:w queue:n level requires:n runMs:u retries x x x \
routing:n x x own:n x id:t
19 BOUNCE:offered task:w slot / 72 CREDIT_BACK agent counter:w / 74 UNBOUND:bound task:w agent
20 WITHDRAW:offered task:w slot generation / 36 START:bound task:w into generation agent counter:w
23 SUCCEEDED:running task:w slot / 39 BINDING refused:n queue:n early / 40 ALLOCATE refused:n agent
24 FAILED:running task:w slot code:n retryable / 33 TICK / 73 REPEAT:running task:w counter:w agent
26 CANCEL task:w answer / 28 BEAT refused:n who:n instance:n tells counters:l
35 PREFETCH agent count / 41 RELEASE who:n held
27 HELLO refused:n index generation id:n instance:n queues:n can:n size beats x \
keeps pull preemptible labels:n
34 PULL refused:n who:n instance:n count / 66 ENDED:running task:w counter:w agent how:n charged
42 PAUSE refused:n queue:n / 43 RESUME refused:n queue:n / 44 CONFIGURE refused:n queue:n options:t
45 INTERRUPT asked / 22 HEARD:running task:w slot / 46 YIELD:running task:w slot
78 PAUSED queue:n on
75 NOTED task:w note:n detail:n level by:w until:w / 76 DEAD_LETTER task:w name:n code:n
77 PREEMPT:running task:w counter:w agent`
const lines = LAYOUT.split(/\n| \/ /).map((line) => line.split(' ').map((word) => word.split(':')))
const KINDS = new Map(lines.map(([[of], [kind, must], ...all]) => [+of, { kind, must, all }]))
/** A record: number and name of its kind, its numbers, its texts; `must`: the state of its task. */
export type Row = { of: number; kind: string; n: Record<string, number>; s: Record<string, string> }
const wide = (bytes: Buffer, at: number) =>
  bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32
const list = (bytes: Buffer, at: number, count: number) =>
  Array.from({ length: Math.min(count, (bytes.length - at) >> 3) }, (_, i) =>
    wide(bytes, at + 8 * i)).join()
export class Decoder {
  /** `rest`: the bytes of a record that is not whole yet. */
  records = 0; rest = Buffer.alloc(0); readonly #names = ['']
  /** @param tell is given each whole record. @throws RangeError when what comes is none. */
  push(piece: Uint8Array, tell: (row: Row) => void): void {
    const bytes = Buffer.concat([this.rest, piece]); let done = 0
    for (let at = 0, end = 0; at + 4 <= bytes.length; at = end) {
      end = at + (bytes.readUInt32LE(at) >>> 8) * 4
      if (end > bytes.length) break
      this.records++; done = end
      const of = bytes[at], { kind, must = '', all } = KINDS.get(of) ?? { kind: '', all: [] }
      const row: Row = { of, kind, n: {}, s: { must } }; at += 4
      for (const [name, type] of all) {
        if (at === end && kind === 'PROPOSE') break
        const word = at < end ? bytes.readUInt32LE(at) : 0, next = at + 4
        if (type === 'n') row.s[name] = this.#names[word] ?? `text ${word}`
        else if (type === 't') row.s[name] = bytes.toString('utf8', next, next + word)
        else row.n[name] = type === undefined ? word | 0 : word
        if (type === 'w') row.n[name] += (next < end ? bytes.readUInt32LE(next) : 0) * 2 ** 32
        if (type === 'l') row.s[name] = list(bytes, next, word)
        const more = { w: 4, t: (word + 3) & ~3, l: 8 * word }[type] ?? 0; at = next + more
      }
      if (at > end) throw new RangeError(`Record ${this.records} is shorter than its fields.`)
      if (kind === 'STRING') this.#names[row.n.number] = row.s.text
      tell(row)
    }
    this.rest = bytes.subarray(done)
  }
}
