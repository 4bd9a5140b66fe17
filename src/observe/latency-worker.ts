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

/** The counts' layout is the library's own, so they are put in as they are. */
function toHistogram(counts: Int32Array): Histogram {
  const histogram = build({
    lowestDiscernibleValue: LATENCY_MIN_US,
    highestTrackableValue: LATENCY_MAX_US,
    numberOfSignificantValueDigits: LATENCY_SIGNIFICANT_DIGITS,
    bitBucketSize: 32,
    useWebAssembly: false,
  })
  const inside = histogram as Histogram & {
    _counts: Int32Array
    establishInternalTackingValues(): void
  }
  inside._counts.set(counts)
  inside.establishInternalTackingValues()
  return histogram
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
