/** How well confidence tells what people accept, as text; pure functions. */
import type { CalibrationBand, CalibrationView } from '../../people-views.ts'
import type { Colors } from './colors.ts'
import { type Column, table } from './table.ts'
import { bar, count, plain } from './text.ts'

const COLUMNS: Column[] = [
  { title: 'confidence', right: true },
  { title: 'decisions', right: true },
  { title: 'accepted', right: true },
  { title: 'rejected', right: true },
  { title: 'escalated', right: true },
  { title: 'said', right: true },
  { title: 'accepted of judged', right: true },
  { title: '' },
]
const BAR_WIDTH = 10
/** "50 %" of everything has it. */
const BRIER_OF_A_COIN = 0.25

export function calibrationLines(view: CalibrationView, colors: Colors): string[] {
  const { queue, bands, without, brier } = view
  const all = bands.reduce((sum, { decisions }) => sum + decisions, without)
  const head = `Queue ${colors.bold(plain(queue))}: ${countOf(all)}`
  if (all === 0) return [`${head} yet.`]
  const said = without === 0 ? [] : [`  ${countOf(without)} about tasks that said no confidence`]
  return [head, ...table(COLUMNS, bands.map(cells), colors), ...said, ...brierLines(brier)]
}

function cells(band: CalibrationBand): string[] {
  const { from, to, decisions, accepted, rejected, escalated, acceptance, confidence } = band
  return [
    `${from}–${to}`,
    count(decisions),
    count(accepted),
    count(rejected),
    count(escalated),
    confidence === null ? '–' : measured(confidence),
    acceptance === null ? '–' : measured(acceptance),
    acceptance === null ? '' : bar(acceptance, BAR_WIDTH),
  ]
}

/** Rounded, as nothing is promised of it. */
function measured(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`
}

function brierLines(brier: number | null): string[] {
  if (brier === null) return []
  const than = brier < BRIER_OF_A_COIN ? 'better' : 'no better'
  return [`  Brier score ${brier}, where 0 is perfect: ${than} than to say 50 % of everything`]
}

function countOf(decisions: number): string {
  return decisions === 1 ? '1 decision' : `${count(decisions)} decisions`
}
