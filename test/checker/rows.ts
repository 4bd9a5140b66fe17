/** Journals as rows that a test can write, change and read, by the tables of docs/journal.md. */
export type Value = string | number | boolean | number[]
export type Row = { kind: string } & Record<string, Value>

/** `name:type`; types are the first letters of those in the document, `n` name and `t` text. */
const LAYOUT: Record<string, [number, string]> = {
  HEAD: [1, 'magic:i version:i facts:t'],
  IMAGE: [2, 'part:i parts:i image:t'],
  TIME: [3, 'nowMs:w'],
  STRING: [4, 'number:i value:t'],
  END: [5, 'd1:i d2:i d3:i d4:i d5:i d6:i d7:i d8:i events:w effects:w'],
  SUBMIT: [
    16,
    'answer:n task:w queue:n level:i requires:n timeoutMs:i retryCount:i payloadBytes:i ' +
      'givenTimeoutMs:i givenRetryCount:i routing:n key:i givenLevel:i own:n isMadeUp:i id:t ' +
      'after:t parents:s',
  ],
  OFFER: [17, 'task:w slot:i generation:i class:i strategy:i wasBounced:i'],
  PROPOSE: [
    18,
    'answer:i slot:i generation:i agent:i agentGeneration:i byRouter:i task:w counter:w dispatchSeq:i',
  ],
  BOUNCE: [19, 'task:w slot:i'],
  WITHDRAW: [20, 'task:w slot:i newGeneration:i reason:i'],
  LATE: [21, 'agentId:n slot:i epoch:w counter:w'],
  HEARD: [22, 'task:w slot:i'],
  SUCCEEDED: [23, 'task:w slot:i'],
  FAILED: [24, 'task:w slot:i code:n retryable:i message:t'],
  DISPATCH_FAILED: [25, 'task:w slot:i'],
  CANCEL: [26, 'task:w answer:i queue:n id:t'],
  HELLO: [
    27,
    'answer:n agent:i generation:i id:n instance:n queues:n capabilities:n concurrency:i beats:i ' +
      'leased:i keeps:i pull:i preemptible:i recalls:i claims:i declines:i labels:n ' +
      'specializations:n',
  ],
  BEAT: [28, 'answer:n id:n instance:n foreign:i tells:i running:s'],
  BYE: [29, 'answer:n id:n instance:n drain:i'],
  DRAIN: [30, 'answer:n id:n'],
  AGENT_LOST: [31, 'agent:i'],
  CONNECTED: [32, 'connected:i'],
  TICK: [33, 'hasMore:i'],
  PULL: [34, 'answer:n id:n instance:n count:i'],
  PREFETCH: [35, 'agent:i count:i'],
  START: [36, 'task:w slot:i generation:i agent:i counter:w dispatchSeq:i'],
  STRATEGY: [37, 'answer:n queue:n strategy:i'],
  SHADOW: [38, 'answer:n queue:n strategy:i'],
  BINDING: [39, 'answer:n queue:n isEarly:i'],
  ALLOCATE: [40, 'answer:n agent:i queue:n level:i requires:n routing:n'],
  RELEASE: [41, 'id:n wasHeld:i'],
  PAUSE: [42, 'answer:n queue:n'],
  RESUME: [43, 'answer:n queue:n'],
  CONFIGURE: [44, 'answer:n queue:n options:t'],
  INTERRUPT: [45, 'asked:i'],
  YIELD: [
    46,
    'task:w slot:i agent:i newSlot:i generation:i counter:w dispatchSeq:i hasCheckpoint:i ' +
      'checkpoint:t',
  ],
  STEAL: [47, 'task:w agent:i slot:i generation:i counter:w dispatchSeq:i'],
  RECALL: [48, 'task:w slot:i agent:i'],
  LIMIT: [49, 'answer:n id:n limit:i'],
  NODE: [
    6,
    'task:w queue:n level:i requires:n timeoutMs:i retryCount:i payloadBytes:i givenTimeoutMs:i ' +
      'givenRetryCount:i routing:n key:i givenLevel:i own:n isMadeUp:i id:t node:n onFailure:n ' +
      'held:i apart:i agents:n after:s',
  ],
  GRAPH: [50, 'answer:n node:n count:i isFlow:i queue:n isMadeUp:i flow:t'],
  ADVANCE: [51, 'task:w slot:i then:n rule:i queue:n level:i code:n message:t'],
  HEDGE: [52, 'task:w slot:i twin:w payloadBytes:i'],
  RESOLVE: [53, 'task:w ok:i then:n rule:i queue:n level:i code:n message:t'],
  CANCEL_TREE: [54, 'task:w cancelled:i'],
  PARK: [55, 'task:w slot:i'],
  UNPARK: [56, 'unparked:i'],
  CLAIM: [57, 'task:w slot:i'],
  ASSIGN: [58, 'task:w agent:i slot:i generation:i counter:w dispatchSeq:i'],
  DECLINE: [59, 'task:w slot:i'],
  HAND_ON: [60, 'task:w slot:i'],
  ADVANCED: [81, 'task:w queue:n rule:i attempts:i resultBytes:i'],
  FLOW_ENDED: [82, 'flow:t state:n'],
  OUTCOME: [64, 'task:w state:i code:n attempts:i resultBytes:i'],
  FORGOTTEN: [65, 'task:w'],
  ENDED: [66, 'task:w counter:w agent:i how:n isCharged:i'],
  REVOKE: [67, 'agent:i counter:w dispatchSeq:i reason:n'],
  AGENT_UP: [68, 'agent:i generation:i id:n'],
  AGENT_DOWN: [69, 'agent:i reason:n'],
  FENCED: [70, 'agent:i'],
  DRAINING: [71, 'agent:i'],
  CREDIT_BACK: [72, 'agent:i counter:w'],
  REPEAT: [73, 'task:w counter:w agent:i'],
  UNBOUND: [74, 'task:w agent:i'],
  NOTED: [75, 'task:w note:n detail:n level:i dueMs:w untilMs:w'],
  DEAD_LETTER: [76, 'task:w name:n code:n'],
  PREEMPT: [77, 'task:w counter:w agent:i'],
  PAUSED: [78, 'queue:n isPaused:i'],
  STOLEN: [79, 'task:w agent:i to:i'],
  CALL_BACK: [80, 'task:w counter:w agent:i'],
}

const fieldsOf = (kind: string) => LAYOUT[kind][1].split(' ').map((field) => field.split(':'))

/** Writes rows; texts that records name by number get their STRING before their first use. */
export function encode(rows: readonly Row[]): Uint8Array {
  const words: number[] = []
  const names = new Map([['', 0]])
  for (const row of rows) {
    for (const [name, type] of fieldsOf(row.kind)) {
      const text = row[name] as string
      if (type !== 'n' || text === undefined || names.has(text)) continue
      names.set(text, names.size)
      words.push(...record('STRING', { number: names.get(text)!, value: text }, names))
    }
    words.push(...record(row.kind, row, names))
  }
  return new Uint8Array(new Int32Array(words).buffer)
}

function record(kind: string, row: Record<string, Value>, names: Map<string, number>): number[] {
  const words: number[] = []
  for (const [name, type] of fieldsOf(kind)) {
    const value = row[name]
    // PROPOSE has its last fields only when it was committed, or the first of them when bound.
    if (value === undefined) continue
    if (type === 'i') words.push(Number(value))
    else if (type === 'n') words.push(names.get(value as string)!)
    else if (type === 'w') words.push(...wide(value as number))
    else if (type === 's')
      words.push(...[value as number[]].flatMap((all) => [all.length, ...all.flatMap(wide)]))
    else words.push(...textWords(value as string))
  }
  return [LAYOUT[kind][0] | ((words.length + 1) << 8), ...words]
}

function wide(value: number): [number, number] {
  return [value | 0, Math.floor(value / 2 ** 32)]
}

function textWords(text: string): number[] {
  const bytes = Buffer.from(text, 'latin1')
  const padded = Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])
  const words = Array.from({ length: padded.length / 4 }, (_, i) => padded.readInt32LE(4 * i))
  return [bytes.length, ...words]
}

/** Reads what `encode` or a recorder wrote; STRING records go into the rows' texts. */
export function decode(bytes: Uint8Array): Row[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const kinds = new Map(Object.entries(LAYOUT).map(([kind, [number]]) => [number, kind]))
  const names = new Map([[0, '']])
  const rows: Row[] = []
  for (let at = 0; at < buffer.length; ) {
    const word = buffer.readUInt32LE(at)
    const end = at + (word >>> 8) * 4
    const row: Row = { kind: kinds.get(word & 255)! }
    at += 4
    const int = () => {
      at += 4
      return buffer.readInt32LE(at - 4)
    }
    const wideInt = () => (int() >>> 0) + int() * 2 ** 32
    for (const [name, type] of fieldsOf(row.kind)) {
      if (at === end) break
      if (type === 'i') row[name] = int()
      else if (type === 'w') row[name] = wideInt()
      else if (type === 'n') row[name] = names.get(int())!
      else if (type === 's') row[name] = Array.from({ length: int() }, wideInt)
      else {
        const length = int()
        row[name] = buffer.toString('latin1', at, at + length)
        at += (length + 3) & ~3
      }
    }
    if (row.kind === 'STRING') names.set(row.number as number, row.value as string)
    else rows.push(row)
    at = end
  }
  return rows
}
