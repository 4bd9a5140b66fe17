/** Latency counts, read while two threads count: late, but never wrong. */
import type { LatencyReader, LatencyWriter } from '../../../native-free/index.ts'
import {
  type AnyModel,
  type Canary,
  freshMemory,
  type Model,
  type Patch,
  run,
  type Stepped,
  type Steps,
} from '../explore.ts'

/** Histograms of two counts, for 0 µs and 1 µs, so that a snapshot is a few reads. */
const TWO_COUNTS: Patch = {
  file: 'latency-layout.js',
  find: 'LATENCY_COUNTS_LENGTH = (bucketCount() + 1) * SUB_BUCKET_HALF_COUNT',
  replace: 'LATENCY_COUNTS_LENGTH = 2',
}
const COUNTS_LENGTH = 2
const STAGE = 0
/** What the two threads record, in µs: one value at 0, three at 1. */
const FRONT_END_US = [0, 1]
const ROUTER_US = [1, 1]
const RECORDED = [1, 3]

interface World {
  readonly frontEnd: Stepped<LatencyWriter>
  readonly router: Stepped<LatencyWriter>
  readonly reader: Stepped<LatencyReader>
  readonly snapshots: Int32Array[]
}

function* copy(w: World): Steps<void> {
  const into = new Int32Array(COUNTS_LENGTH)
  yield* w.reader.copy(STAGE, into)
  w.snapshots.push(into)
}

/** How complete a snapshot is, or what is wrong with it. */
function judge(snapshot: Int32Array, before: Int32Array): string {
  if (snapshot.some((count, i) => count < before[i])) return 'goes back'
  if (snapshot.some((count, i) => count > RECORDED[i])) return 'too many'
  const sum = snapshot.reduce((total, count) => total + count, 0)
  return sum === 4 ? 'all' : sum === 0 ? 'none' : 'some'
}

const snapshots: Model<World> = {
  name: 'latency counts: two snapshots while two threads count',
  patches: [TWO_COUNTS],
  world(nf) {
    const memory = freshMemory(nf, { routerCount: 1, latencyStageCount: 1 })
    return {
      frontEnd: new nf.LatencyWriter(memory, 0),
      router: new nf.LatencyWriter(memory, 1),
      reader: new nf.LatencyReader(memory),
      snapshots: [],
    }
  },
  actors: {
    *frontEnd(w) {
      for (const valueUs of FRONT_END_US) yield* w.frontEnd.record(STAGE, valueUs)
    },
    *router(w) {
      for (const valueUs of ROUTER_US) yield* w.router.record(STAGE, valueUs)
    },
    *reader(w) {
      yield* copy(w)
      yield* copy(w)
    },
  },
  preemptions: 5,
  outcome(w) {
    run(copy(w))
    const none = new Int32Array(COUNTS_LENGTH)
    const [first, second, last] = w.snapshots.map((snapshot, i) => {
      return judge(snapshot, w.snapshots[i - 1] ?? none)
    })
    return `${first}, then ${second}, ${last === 'all' ? 'exact' : last} in the end`
  },
  allowed: {
    'none, then none, exact in the end': 'the reader was first',
    'none, then some, exact in the end': 'the threads had begun',
    'none, then all, exact in the end': 'the threads counted in between',
    'some, then some, exact in the end': 'each snapshot may miss the latest',
    'some, then all, exact in the end': 'what the first missed is in the second',
    'all, then all, exact in the end': 'the reader was last',
  },
  forbidden: {
    '*too many*': 'nothing is counted twice',
    '*goes back*': 'a count has one writer and only grows',
    '* some in the end': 'every value is counted exactly once in the end',
    '* none in the end': 'every value is counted exactly once in the end',
  },
}

export const models: AnyModel[] = [snapshots]

export const canaries: Canary[] = [
  {
    name: 'latency counts: two threads count in the same words',
    model: snapshots,
    patches: [
      {
        file: 'latency-counts.js',
        find: 'this.counts = map.latency + writer * map.latencyWriterStride',
        replace: 'this.counts = map.latency',
      },
    ],
    why: 'an increment is two steps: of two at once one is lost',
  },
  {
    name: 'latency counts: a count is read twice',
    model: snapshots,
    patches: [
      {
        file: 'latency-counts.js',
        find: 'into[i] += words[from + i];',
        replace:
          '{ const seen = words[from + i]; into[i] += words[from + i];' +
          ' into[i] += words[from + i] - seen; }',
      },
    ],
    why: 'what is counted between the two reads is in the snapshot twice',
  },
  {
    name: 'latency counts: a snapshot sets the counts to zero',
    model: snapshots,
    patches: [
      {
        file: 'latency-counts.js',
        find: 'into[i] += words[from + i];',
        replace: '{ into[i] += words[from + i]; words[from + i] = 0; }',
      },
    ],
    why: 'what is counted between read and zero is lost, and the next snapshot goes back',
  },
]
