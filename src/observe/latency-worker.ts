/** Merges the latency counts of all threads into HDR histograms and encodes them. Worker thread. */
import { build, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js'
import {
  LATENCY_MAX_US,
  LATENCY_MIN_US,
  LATENCY_SIGNIFICANT_DIGITS,
  LatencyReader,
  type MemoryShape,
  openMemory,
} from '../../native-free/index.ts'
import { LATENCY_STAGES, type LatencyReport, type LatencySummary } from '../api.ts'
import { BUCKET_BOUNDS_US, type LatencyBuckets, type StageBuckets } from './figures.ts'

export interface LatencyRequest {
  buffer: SharedArrayBuffer
  shape: MemoryShape
}

export default function report({ buffer, shape }: LatencyRequest): LatencyReport {
  const reader = new LatencyReader(openMemory(buffer, shape))
  const counts = new Int32Array(LatencyReader.countsArrayLength)
  const stages = LATENCY_STAGES.map((stage, index) => {
    reader.copy(index, counts)
    return [stage, summarise(toHistogram(counts))] as const
  })
  return Object.fromEntries(stages) as LatencyReport
}

/** Cumulative counts of every stage, as a scrape wants them. */
export function buckets({ buffer, shape }: LatencyRequest): LatencyBuckets {
  const reader = new LatencyReader(openMemory(buffer, shape))
  const counts = new Int32Array(LatencyReader.countsArrayLength)
  const layout = emptyHistogram()
  const stages = LATENCY_STAGES.map((stage, index) => {
    reader.copy(index, counts)
    return [stage, bucketsOf(layout, counts)] as const
  })
  return Object.fromEntries(stages) as LatencyBuckets
}

function bucketsOf(layout: Histogram, counts: Int32Array): StageBuckets {
  const { valueFromIndex } = layout as Histogram & { valueFromIndex(index: number): number }
  const cumulative: number[] = []
  let bound = 0
  let count = 0
  let sumUs = 0
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] === 0) continue
    const us = valueFromIndex.call(layout, i)
    while (bound < BUCKET_BOUNDS_US.length && us > BUCKET_BOUNDS_US[bound]) {
      cumulative[bound++] = count
    }
    // Counts wrap at 2^32.
    count += counts[i] >>> 0
    sumUs += us * (counts[i] >>> 0)
  }
  while (bound < BUCKET_BOUNDS_US.length) cumulative[bound++] = count
  return { cumulative, count, sumUs }
}

/** The counts' layout is the library's own, so they are put in as they are. */
function toHistogram(counts: Int32Array): Histogram {
  const histogram = emptyHistogram()
  const inside = histogram as Histogram & {
    _counts: Int32Array
    establishInternalTackingValues(): void
  }
  inside._counts.set(counts)
  inside.establishInternalTackingValues()
  return histogram
}

function emptyHistogram(): Histogram {
  return build({
    lowestDiscernibleValue: LATENCY_MIN_US,
    highestTrackableValue: LATENCY_MAX_US,
    numberOfSignificantValueDigits: LATENCY_SIGNIFICANT_DIGITS,
    bitBucketSize: 32,
    useWebAssembly: false,
  })
}

function summarise(histogram: Histogram): LatencySummary {
  return {
    count: histogram.totalCount,
    meanUs: histogram.totalCount === 0 ? 0 : histogram.mean,
    p50Us: histogram.getValueAtPercentile(50),
    p90Us: histogram.getValueAtPercentile(90),
    p99Us: histogram.getValueAtPercentile(99),
    p999Us: histogram.getValueAtPercentile(99.9),
    maxUs: histogram.maxValue,
    encoded: encodeIntoCompressedBase64(histogram),
  }
}
