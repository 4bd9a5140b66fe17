/** Stands in for `src/observe/latency.ts`: a report would need a real worker thread. */
import type { LatencyReport } from '../../src/api.ts'

export class LatencyObserver {
  async report(): Promise<LatencyReport> {
    return {} as LatencyReport
  }

  async stop(): Promise<void> {}
}
