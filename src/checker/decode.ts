/** The checker's own reader, by docs/journal.md. It holds one piece and less than one record. */
// biome-ignore-all format: the checker is held to few lines, so small steps share one
const LAYOUT = `6 NODE seq:w queue:n level requires:n runMs:u retries x x x routing:n x x own:n x id:t \
node:n fail:n held apart agents:n places:l / 81 ADVANCED task:w queue:n rule attempts
50 GRAPH refused:n node:n count isFlow queue:n x flow:t / 82 FLOW_ENDED flow:t state:n
51 ADVANCE:running task:w slot then:n rule to:n level code:n / 52 HEDGE:running task:w slot twin:w
53 RESOLVE:blocked task:w ok then:n rule to:n level code:n / 54 CANCEL_TREE root:w cancelled
55 PARK:offered task:w slot / 56 UNPARK unparked / 57 CLAIM:running task:w slot
58 ASSIGN task:w agent into generation counter:w / 59 DECLINE:running task:w slot
60 HAND_ON:running task:w slot / 46 YIELD:running task:w slot agent into generation counter:w / 41 RELEASE who:n held
27 HELLO refused:n index generation id:n instance:n queues:n can:n size beats x keeps pull \
preemptible recalls claims declines labels:n / 28 BEAT refused:n who:n instance:n foreign tells counters:l / 33 TICK
16 SUBMIT refused:n seq:w queue:n level requires:n runMs:u retries x x x routing:n x x own:n x id:t \
after:t parents:l
18 PROPOSE:offered answer slot generation agent agentGeneration byRouter task:w counter:w dispatch
36 START:bound task:w into generation agent counter:w / 20 WITHDRAW:offered task:w slot generation
66 ENDED:running task:w counter:w agent how:n charged / 77 PREEMPT:running task:w counter:w agent
47 STEAL:bound task:w agent into generation counter:w / 73 REPEAT:running task:w counter:w agent
75 NOTED task:w note:n detail:n level by:w until:w / 24 FAILED:running task:w slot code:n retryable
34 PULL refused:n who:n instance:n count / 44 CONFIGURE refused:n queue:n options:t / 3 TIME ms:w
64 OUTCOME task:w state code:n attempts / 17 OFFER:waiting task:w into generation / 5 END
29 BYE refused:n who:n instance:n drain / 25 DISPATCH_FAILED:running task:w slot
48 RECALL:running task:w slot agent / 76 DEAD_LETTER task:w name:n code:n / 30 DRAIN refused:n who:n
39 BINDING refused:n queue:n early / 23 SUCCEEDED:running task:w slot / 1 HEAD magic version facts:t
72 CREDIT_BACK agent counter:w / 49 LIMIT refused:n who:n limit / 19 BOUNCE:offered task:w slot
74 UNBOUND:bound task:w agent / 68 AGENT_UP index generation / 22 HEARD:running task:w slot
40 ALLOCATE refused:n agent / 43 RESUME refused:n queue:n / 42 PAUSE refused:n queue:n
26 CANCEL task:w answer / 35 PREFETCH agent count / 4 STRING number text:t / 78 PAUSED queue:n on
31 AGENT_LOST agent / 69 AGENT_DOWN agent / 65 FORGOTTEN seq:w / 45 INTERRUPT asked`
const lines = LAYOUT.split(/\n| \/ /).map((line) => line.split(' ').map((word) => word.split(':')))
const KINDS = new Map(lines.map(([[of], [kind, must], ...all]) => [+of, { kind, must, all }]))
/** A record: number and name of its kind, its numbers, its texts; `must`: the state of its task. */
export type Row = { of: number; kind: string; n: Record<string, number>; s: Record<string, string> }
const wide = (b: Buffer, at: number) => b.readUInt32LE(at) + b.readUInt32LE(at + 4) * 2 ** 32
const list = (b: Buffer, at: number, n: number) =>
  Array.from({ length: Math.min(n, (b.length - at) >> 3) }, (_, i) => wide(b, at + 8 * i)).join()
export class Decoder {
  /** `rest`: the bytes of a record that is not whole yet. */
  records = 0; rest = Buffer.alloc(0); readonly #names = ['']
  /** @param tell is given each whole record. @throws RangeError when what comes is none. */
  push(piece: Uint8Array, tell: (row: Row) => void): void {
    const bytes = Buffer.concat([this.rest, piece]); let done = 0
    for (let at = 0, end = 0; at + 4 <= bytes.length; at = end) {
      end = at + (bytes.readUInt32LE(at) >>> 8) * 4; if (end > bytes.length) break
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
