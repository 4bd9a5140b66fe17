/**
 * A scheduler's metrics in Prometheus' text form. Main thread, at each scrape and at no other time.
 *
 * Invariant: nothing is counted here. A family is a function from the figures to values, so what is
 * shown is what the scheduler itself goes by; labels take their values from lists that are bounded
 * (states, stages, routers, error codes, and of queues `NAMED_QUEUES_MAX`), never from tasks or agents.
 *
 * Of prom-client the registry, the escaping and the metrics of the process are used. Not taken: its
 * counters, which would have to be set back and filled again at each scrape, and its histograms, which
 * cannot be filled from counts that exist already.
 */
import { collectDefaultMetrics, type Metric, Registry } from 'prom-client'
import { FAMILIES, type Family, type Scraped } from './metric-families.ts'

export interface MetricsSource {
  scrape(): Promise<Scraped>
}

export class Metrics {
  readonly #registry = new Registry()
  readonly #source: MetricsSource
  #scraped: Scraped | undefined
  #last: Promise<unknown> = Promise.resolve()

  /** @param withProcess memory, CPU, event loop and collector of the process besides. */
  constructor(source: MetricsSource, withProcess = true) {
    this.#source = source
    for (const family of FAMILIES) this.#registry.registerMetric(this.#metricOf(family))
    if (withProcess) collectDefaultMetrics({ register: this.#registry })
  }

  /** One at a time, so that each is of one moment. */
  scrape(): Promise<{ contentType: string; text: string }> {
    const answer = this.#last.then(async () => {
      this.#scraped = await this.#source.scrape()
      return { contentType: this.#registry.contentType, text: await this.#registry.metrics() }
    })
    this.#last = answer.catch(() => {})
    return answer
  }

  /** What the registry asks of a metric; its types know only those that count themselves. */
  #metricOf({ name, help, type, values }: Family): Metric<string> {
    const get = async () => ({
      name,
      help,
      type,
      values: values(this.#scraped!),
      aggregator: 'sum',
    })
    return { name, help, type, get, reset() {} } as unknown as Metric<string>
  }
}
