/** The KEDA examples name what is really there. */
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import type { ScalingAdvice } from '../../src/balance-views.ts'
import { scalingBody } from '../../src/service/http/scaling.ts'
import { text } from '../support/files.ts'

interface ScaledObject {
  kind: string
  spec: { triggers: { type: string; metricType: string; metadata: Record<string, string> }[] }
}

const ADVICE: ScalingAdvice = {
  queue: 'documents',
  requires: ['ocr'],
  verdict: 'add',
  agents: 2,
  desiredAgents: 4,
  reason: 'add 2 agents with ocr: predicted wait 41 s, SLA 30 s; 3 generalists idle',
  arrivalsPerSecond: 0.21,
  serviceMs: 10_250,
  utilization: 1,
  waiting: 9,
  oldestMs: 12_100,
  predictedWaitMs: 41_200,
  slaMs: 30_000,
  places: 2,
  desiredPlaces: 4,
  since: 1_760_175_600_000,
}

function triggerOf(file: string) {
  const documents = parseAllDocuments(text(file)).map((one) => one.toJS() as ScaledObject)
  const [scaled] = documents.filter(({ kind }) => kind === 'ScaledObject')
  expect(scaled.spec.triggers).toHaveLength(1)
  return scaled.spec.triggers[0]
}

test('keda: metrics-api reads a number that the answer has, one agent for one', () => {
  const { type, metricType, metadata } = triggerOf('examples/keda/metrics-api.yaml')
  expect({ type, metricType }).toEqual({ type: 'metrics-api', metricType: 'AverageValue' })
  expect(scalingBody(ADVICE)[metadata.valueLocation]).toBe(4)
  expect(metadata.targetValue).toBe('1')
  const { pathname, searchParams } = new URL(metadata.url)
  expect(pathname).toBe('/scaling/documents')
  expect([...searchParams]).toEqual([['requires', 'ocr']])
})

test('keda: prometheus asks for a family that is exported, with its labels', () => {
  const { type, metricType, metadata } = triggerOf('examples/keda/prometheus.yaml')
  expect({ type, metricType }).toEqual({ type: 'prometheus', metricType: 'AverageValue' })
  const [, family, labels] = /^max\((\w+)\{(.*)\}\)$/.exec(metadata.query)!
  const row = text('docs/operating.md')
    .split('\n')
    .find((line) => line.includes(`\`${family}\``))
  for (const label of labels.split(',')) expect(row).toContain(`\`${label.split('=')[0]}\``)
})

test('keda: what the page says is answered is what is answered', () => {
  const [, json] = /```json\n([^`]*)```/.exec(text('examples/keda/README.md'))!
  expect(JSON.parse(json)).toEqual(scalingBody(ADVICE))
})
