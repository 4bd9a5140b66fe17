import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { exitCodeFor } from '../../src/cli/demo.ts'
import { cellsOf } from '../../src/cli/render/cells.ts'
import { NO_COLORS } from '../../src/cli/render/colors.ts'
import {
  checkLines,
  demoTable,
  queuesPicture,
  said,
  setupLines,
  stampOf,
  statisticsLines,
  storyLines,
  summaryLines,
  titleLines,
  verdictLines,
} from '../../src/cli/render/demo.ts'
import { DEMOS, demoNamed, play } from '../../src/demos/catalog.ts'
import type { Performance } from '../../src/demos/demo.ts'
import { pictureOf } from '../../src/demos/picture.ts'
import { Story } from '../../src/demos/story.ts'
import { text } from '../support/files.ts'
import { withHome } from './support.ts'

const { cli, start } = withHome()
const NAMES = DEMOS.map(({ name }) => name)

/** Of a demo that nobody has: one expectation holds, one does not. */
function failed(): Performance {
  const story = new Story(1)
  story.expect('loads', 'all at 80 %', [8, 8, 8], [8, 9, 7])
  story.expectAtMost('seconds', 'under a minute', 60, 12)
  return story.performance({ ...DEMOS[0], name: 'broken' })
}

describe('demo', () => {
  test('--list: every demo with its source and what it shows', async () => {
    const { code, stdout } = await cli(['demo', '--list'])
    expect(code).toBe(0)
    const named = stdout.split('\n').map((line) => /^ {2}([a-z-]+) +\[(\d+)\] \d/.exec(line)?.[1])
    expect(named.filter((name) => name !== undefined)).toEqual(NAMES)
    const json = await cli(['demo', '--list', '-o', 'json'])
    expect(JSON.parse(json.stdout).map(({ name }: { name: string }) => name)).toEqual(NAMES)
  })

  test('a demo tells its setup, its story, its statistics and what came of each expectation', async () => {
    const { code, stdout, stderr } = await cli(['demo', 'load-balancing'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^load-balancing: agents at 20 %, 70 % and 50 %, ten tasks more\n/)
    expect(stdout).toMatch(/^ {2}light +10 +anything +2 of 10 places taken$/m)
    expect(stdout).toMatch(/^ +10\.0 s {2}after all ten: 80 %, 80 % and 80 %$/m)
    expect(stdout).toMatch(/^ +light █{8} 8 {3}heavy █{8} 8 {3}medium █{8} 8$/m)
    expect(stdout).toMatch(/^ {2}agent +tasks +done +busy$/m)
    expect(stdout).toMatch(/^ {2}✓ all agents end at the same load +80 %, 80 %, 80 % +all agents/m)
    expect(stdout).toMatch(/\nload-balancing: all 2 expectations hold\n$/)
  })

  test('all: eighteen demos, plain and at most 80 columns wide without a terminal', async () => {
    const { code, stdout } = await cli(['demo', 'all'])
    expect(code).toBe(0)
    for (const name of NAMES) expect(stdout).toContain(`\n  ✓  ${name} `)
    expect(stdout).toMatch(/\n18 demos: all \d+ expectations hold\n$/)
    expect(stdout).not.toContain('\u001b')
    expect(stdout.split('\n').filter((line) => cellsOf(line) > 80)).toEqual([])
    expect(stdout.split('\n').filter((line) => line.endsWith(' '))).toEqual([])
  })

  test('-o json is the whole performance, and --seed another one', async () => {
    const words = ['demo', 'metrics', '-o', 'json']
    const [one, other] = await Promise.all([cli(words), cli([...words, '--seed', '2'])])
    expect(JSON.parse(one.stdout)).toEqual(JSON.parse(JSON.stringify(play(DEMOS[10], 1))))
    expect(JSON.parse(other.stdout)).toMatchObject({ demo: 'metrics', seed: 2, ok: true })
    expect(other.stdout).not.toBe(one.stdout)
    const rows = await cli(['demo', 'all', '-o', 'ndjson'])
    const names = rows.stdout
      .trimEnd()
      .split('\n')
      .map((row) => JSON.parse(row).demo)
    expect(names).toEqual(NAMES)
  })

  test.each([
    [['hotspot'], /^error usage: Unknown demo 'hotspot': did you mean hot-spot\?\n$/],
    [['al'], /^error usage: Unknown demo 'al': did you mean all\?\n$/],
    [
      ['chess'],
      /^error usage: Unknown demo 'chess': --list shows them; see `signalbox demo --help`\.\n$/,
    ],
    [[], /^error usage: Give the name of a demo, or all; --list shows them; see/],
    [['all', '--list'], /^error usage: Give a name, or --list for all of them; not both; see/],
    [['all', '--seed', 'x'], /^error usage: .*whole number from 0 to 2147483647/],
    [['all', '--speed', '0'], /^error usage: .*Give a number above 0/],
    [
      ['metrics', '--real-time', '-o', 'json'],
      /^error usage: --real-time and --speed tell a story/,
    ],
  ])('%j is one sentence and exit code 2', async (words, sentence) => {
    const { code, stdout, stderr } = await cli(['demo', ...words])
    expect(stderr).toMatch(sentence)
    expect([code, stdout]).toEqual([2, ''])
  })

  test('--speed: the same story, told by the clock', async () => {
    const [told, shown] = await Promise.all([
      cli(['demo', 'hot-spot', '--speed', '1000']),
      cli(['demo', 'hot-spot']),
    ])
    expect(told).toMatchObject({ code: 0, stdout: shown.stdout })
    expect(told.stderr).toBe('By the clock this takes 220 ms.\nBy the clock this takes 81 ms.\n')
  })

  test('--svg: the picture is written beside what is shown, and says where it cannot be', async () => {
    const file = join(tmpdir(), `demo-${process.pid}.svg`)
    const { code, stdout } = await cli(['demo', 'hot-spot', '--svg', file])
    expect([code, stdout.startsWith('hot-spot: ')]).toEqual([0, true])
    expect(readFileSync(file, 'utf8')).toBe(pictureOf(play(demoNamed('hot-spot')!)))
    rmSync(file)
    const nowhere = await cli(['demo', 'hot-spot', '--svg', join(file, 'x.svg')])
    expect([nowhere.code, nowhere.stdout]).toEqual([2, ''])
    expect(nowhere.stderr).toMatch(/^error usage: The picture cannot be written to '.*' \(ENO/)
    const all = await cli(['demo', 'all', '--svg', file])
    expect(all.stderr).toMatch(/^error usage: --svg draws one demo: give its name/)
  })

  test('--real-time: Ctrl-C ends it with 130, and what was not told is not there', async () => {
    const running = start(['demo', 'hot-spot', '--real-time'])
    await expect.poll(() => running.stdout(), { timeout: 15_000 }).toContain('w1 is alone')
    running.process.kill('SIGINT')
    const { code, stdout, stderr } = await running.ended
    expect(code).toBe(130)
    expect(stderr).toMatch(/\nInterrupted: what the rest would have shown is not told\.\n$/)
    expect(stdout).not.toContain('cycle 1')
  })
})

describe('what demo shows', () => {
  test.each([60, 80, 100])('every demo fits into %d columns', (width) => {
    for (const demo of DEMOS) {
      const shown = play(demo)
      const lines = [
        ...titleLines(shown, width, NO_COLORS),
        ...shown.acts.flatMap((act) => [
          ...setupLines(act, null, width, NO_COLORS),
          ...act.lines.flatMap((line) => storyLines(line, act, width, NO_COLORS)),
          ...statisticsLines(act, width, NO_COLORS),
        ]),
        ...checkLines(shown.checks, width, NO_COLORS),
        ...summaryLines([shown], width, NO_COLORS),
      ]
      expect(
        lines.filter((line) => cellsOf(line) > width),
        demo.name,
      ).toEqual([])
    }
    const list = demoTable(DEMOS, width, NO_COLORS)
    expect(list.filter((line) => cellsOf(line) > width)).toEqual([])
  })

  test('an expectation that does not hold has a cross, both values, and exit code 1', () => {
    const shown = failed()
    expect(checkLines(shown.checks, 80, NO_COLORS)).toEqual([
      '',
      '    expectation  found                      the document says',
      '  ✗ loads        8, 9, 7, expected 8, 8, 8  all at 80 %',
      '  ✓ seconds      12 (≤ 60)                  under a minute',
    ])
    expect(verdictLines([shown], NO_COLORS)[1]).toBe('broken: 1 of 2 expectations do not hold')
    expect(summaryLines([shown], 80, NO_COLORS).at(-1)).toMatch(/^ {2}✗ {2}broken .* 1 of 2 /)
    expect([exitCodeFor([shown]), exitCodeFor([play(DEMOS[0])])]).toEqual([1, 0])
  })

  test('a demo without any expectation is none that holds', () => {
    expect(new Story(1).performance(DEMOS[0]).ok).toBe(false)
  })

  test('times: in the unit that suits the whole act', () => {
    expect([stampOf(150, 150), stampOf(0, 7_000), stampOf(80_100, 90_000)]).toEqual([
      '150 ms',
      '0.0 s',
      '80.1 s',
    ])
    expect(stampOf(5_700_000, 27_000_000)).toBe('1:35:00')
  })

  test('queues: a character a task, fewer where there is no room', () => {
    const queues = [
      { agent: 'a', running: 1, waiting: 4 },
      { agent: 'b', running: 0, waiting: 0 },
    ]
    expect(queuesPicture(queues, 60, NO_COLORS)).toEqual(['a █░░░░ 1+4   b 0'])
    const [long] = queuesPicture([{ agent: 'a', running: 10, waiting: 990 }], 60, NO_COLORS)
    expect(long).toMatch(/^a █░+ 10\+990$/)
    expect(long.length).toBeLessThanOrEqual(60)
  })

  test('values: for people', () => {
    expect([null, true, 0.12345, [1, null], [[1, 2], [3]], 'B'].map(said)).toEqual([
      'nobody',
      'yes',
      '0.123',
      '1, nobody',
      '1, 2; 3',
      'B',
    ])
  })
})

describe('docs/demos.md', () => {
  const page = text('docs/demos.md')

  test('its table has every demo, in their order, with its source', () => {
    const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (\[\d+\] \d) \|/gm)]
    const sources = DEMOS.map(({ name, source, number }) => [name, `[${source}] ${number}`])
    expect(rows.map(([, name, source]) => [name, source])).toEqual(sources)
  })

  test('its example is what the command prints', async () => {
    const [, name, example] = /```console\n\$ signalbox demo (\S+)\n([^`]+)```/.exec(page)!
    expect((await cli(['demo', name])).stdout).toBe(example)
  })
})
