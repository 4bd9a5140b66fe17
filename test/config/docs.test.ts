import { expect, test } from 'vitest'
import type { Key } from '../../src/config/key.ts'
import { toYaml } from '../../src/config/key.ts'
import { SECTIONS } from '../../src/config/keys.ts'
import { kindWords } from '../../src/config/schema.ts'
import { text } from '../support/files.ts'
import { configuration, lines } from './support.ts'

const page = text('docs/configuration.md')

/** `| key | option | what it takes | default | sentence |` */
function row(key: Key, above = ''): string[] {
  const shown =
    key.default === key.none
      ? key.default
      : key.default === undefined
        ? undefined
        : toYaml(key, key.default)
  const isShown = shown !== undefined && key.kind !== 'group' && !key.isRequired
  const preset = key.isRequired ? 'required' : isShown ? `\`${JSON.stringify(shown)}\`` : ''
  const name = `${above}${key.yaml}`
  const own = `| \`${name}\` | \`${key.option}\` | ${key.kind === 'group' ? 'keys below it' : kindWords(key)} | ${preset} | ${key.words} |`
  return [own, ...key.keys.flatMap((each) => row(each, `${name}.`))]
}

const sections = SECTIONS.filter(({ yaml, keys }) => keys.length > 0 && yaml !== 'queue_defaults')

test.each(sections)(
  'docs/configuration.md: section $yaml lists its keys as the table has them',
  ({ yaml, keys }) => {
    const expected = keys.flatMap((key) => row(key))
    const [, below = ''] = page.split(`\n### \`${yaml}\`\n`)
    const found = below
      .split('\n#')[0]
      .split('\n')
      .filter((line) => line.startsWith('| `'))
    expect(found).toEqual(expected)
  },
)

test('docs/configuration.md: every section has a heading, and no other does', () => {
  const headings = [...page.matchAll(/^### (.*)$/gm)].map(([, heading]) => heading)
  const named = headings.flatMap((heading) =>
    [...heading.matchAll(/`(\w+)`/g)].map(([, name]) => name),
  )
  expect(named).toEqual(
    SECTIONS.map(({ yaml }) => yaml).filter((name) => name !== 'queue_defaults'),
  )
})

test.each(['docs/configuration.md', 'README.md'])('%s: its YAML is right', (file) => {
  const pieces = [...text(file).matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, yaml]) => yaml)
  expect(pieces.length).toBeGreaterThan(0)
  for (const piece of pieces) {
    configuration(piece)
    expect(lines(piece)).toEqual([])
  }
})
