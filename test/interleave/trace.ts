/** How a run is told: words by their names in the memory map, one line a step. */
import type { MemoryMap, SharedMemory } from '../../native-free/index.ts'
import type { Failure } from './explore.ts'
import type { Step } from './step.ts'

/** One step that was taken. */
export interface Moment {
  readonly actor: string
  readonly operation: string
  readonly word: string
  readonly operands: readonly number[]
  readonly result: unknown
}

const LINE = 16

/** Regions with a line for each of several: `ringHeads[1]`. */
const LINES = new Set([
  'sleepers',
  'status',
  'ringHeads',
  'ringTails',
  'dequeTops',
  'dequeBottoms',
  'outboxHeads',
  'outboxTails',
])

const ENTRY = ['slot', 'generation']
const PROPOSAL = ['slot', 'generation', 'agent', 'agentGeneration', 'proposedUs']

/** Regions of entries, with the fields of one. */
const ENTRIES: Record<string, readonly string[]> = {
  ringEntries: ENTRY,
  dequeEntries: ENTRY,
  outboxEntries: PROPOSAL,
}

/** Regions of one word. */
const SINGLE = new Set(['bell', 'agentHigh', 'agentEasings'])

/** Map entries that are no place but a size. */
const SIZES = new Set([
  'ringEntriesStride',
  'dequeEntriesStride',
  'outboxEntriesStride',
  'outboxCapacity',
  'candidatesStride',
  'latencyWriterStride',
  'latencyStageStride',
  'wordCount',
])

/** Names a word: `ringHeads[0]`, `dequeEntries[1][2].slot`, `slotGeneration[3]`, `own[0]`. */
export function wordName(word: number, { map }: SharedMemory): string {
  if (word >= map.wordCount) return `own[${word - map.wordCount}]`
  let region = ''
  let start = -1
  for (const [name, at] of Object.entries(map)) {
    if (SIZES.has(name) || at > word || at <= start) continue
    region = name
    start = at
  }
  const offset = word - start
  if (SINGLE.has(region)) return region
  if (LINES.has(region)) {
    const field = offset % LINE
    return `${region}[${Math.floor(offset / LINE)}]${field === 0 ? '' : `+${field}`}`
  }
  const fields = ENTRIES[region]
  if (fields === undefined) return `${region}[${offset}]`
  const stride = map[`${region}Stride` as keyof MemoryMap]
  const cell = Math.floor((offset % stride) / fields.length)
  const field = fields[(offset % stride) % fields.length]
  return `${region}[${Math.floor(offset / stride)}][${cell}].${field}`
}

/** The numbers that a step hands over. */
export function operandsOf({ operation, first, second }: Step): number[] {
  if (operation === 'compareExchange') return [first, second]
  const isUnary = ['store', 'write', 'add', 'sub', 'exchange', 'wait', 'notify'].includes(operation)
  return isUnary ? [first] : []
}

/** The run as a table: `step  actor  operation(word, operands) → result`. */
export function tableOf(moments: readonly Moment[]): string {
  const width = Math.max(5, ...moments.map(({ actor }) => actor.length))
  const lines = moments.map(({ actor, operation, word, operands, result }, step) => {
    const inside = [word, ...operands].filter((part) => part !== '').join(', ')
    const arrow = result === undefined || result === '' ? '' : ` → ${result}`
    return `${String(step).padStart(4)}  ${actor.padEnd(width)}  ${operation}(${inside})${arrow}`
  })
  return [`step  ${'actor'.padEnd(width)}  operation`, ...lines].join('\n')
}

/** What to print of a failure, with the line that runs its schedule again. */
export function complaint(
  name: string,
  { outcome, reason, schedule, trace, kind }: Failure,
): string {
  if (kind === 'unseen') return `${name}: ${outcome}: ${reason}`
  // `-t` takes a regular expression.
  const pattern = name.replace(/[^\w\s:,'-]/g, '.')
  const again = `SCHEDULE=${schedule.join(',')} npm test -- interleave -t "${pattern}"`
  return `${name}\n${kind}: ${outcome}: ${reason}\n${trace}\nrun it again: ${again}`
}

/** Reads `SCHEDULE`: numbers with commas between them. */
export function scheduleOf(text: string | undefined): number[] | undefined {
  if (text === undefined || text === '') return undefined
  const schedule = text.split(',').map(Number)
  if (schedule.every(Number.isInteger)) return schedule
  throw new Error(`SCHEDULE is ${text}, it takes whole numbers with commas between them`)
}
