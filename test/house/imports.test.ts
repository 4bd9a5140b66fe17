import { builtinModules } from 'node:module'
import { dirname, join } from 'node:path/posix'
import { expect, test } from 'vitest'
import { sources, text } from '../support/files.ts'

const CORE = [
  'native-free',
  'shared',
  'routing',
  'learning',
  'policy',
  'journal',
  'observe',
  'health',
  'balance',
  'capacity',
  'scaling',
  'agent-health',
  'ledger',
  'rules',
  'together',
  'hedging',
  'people',
]
const OUTSIDE = [
  'shared',
  'wire',
  'address',
  'surface',
  'observe',
  'scheduler',
  'client',
  'client-entry',
  'config',
]

/**
 * Which areas an area may import from, besides itself:
 * `native-free ← routing ← router`, `native-free, routing ← learning ← front-end`,
 * `native-free, routing, learning, policy ← fleet-model ← service`,
 * `native-free, routing ← policy ← journal ← front-end ← scheduler ← service ← cli`,
 * a client that shares only the wire, the types and the way to submit with the rest, and a checker that shares nothing.
 *
 * `shared` are the files directly below `src/` that hold types, limits, errors and clocks; `surface`
 * is what every way in offers alike.
 */
const MAY_IMPORT: Record<string, string[]> = {
  'native-free': [],
  shared: [],
  wire: ['shared'],
  surface: ['shared', 'wire', 'words'],
  submit: ['shared', 'wire', 'surface'],
  words: [],
  flows: ['shared', 'wire', 'words'],
  routing: ['native-free', 'shared'],
  router: ['native-free', 'shared', 'routing'],
  learning: ['native-free', 'routing'],
  policy: ['native-free', 'shared', 'routing'],
  journal: ['native-free', 'shared', 'policy'],
  'fleet-model': ['native-free', 'shared', 'routing', 'learning', 'policy', 'balance', 'scaling'],
  checker: [],
  health: ['shared', 'surface', 'policy'],
  balance: ['native-free', 'shared', 'surface', 'policy', 'learning'],
  capacity: ['native-free', 'shared', 'surface', 'policy', 'learning', 'balance'],
  scaling: ['shared', 'surface', 'policy', 'health'],
  'agent-health': ['native-free', 'shared', 'surface', 'policy', 'learning', 'health'],
  demos: [
    'native-free',
    'shared',
    'surface',
    'routing',
    'learning',
    'policy',
    'health',
    'balance',
    'capacity',
    'scaling',
    'agent-health',
    'fleet-model',
    'rules',
  ],
  ledger: ['shared', 'surface', 'policy'],
  rules: ['shared'],
  people: ['shared'],
  together: ['shared', 'rules'],
  hedging: ['native-free', 'shared', 'policy'],
  config: ['shared', 'wire', 'words', 'surface', 'address', 'routing', 'rules', 'people'],
  observe: ['native-free', 'shared', 'surface'],
  'front-end': [...CORE, 'wire', 'words', 'surface', 'submit', 'flows', 'router', 'config'],
  scheduler: [...CORE, 'wire', 'surface', 'submit', 'flows', 'router', 'front-end', 'config'],
  address: ['shared', 'wire'],
  client: ['shared', 'wire', 'surface', 'submit', 'flows', 'address'],
  'client-entry': ['shared', 'wire', 'surface', 'client'],
  service: [
    'flows',
    'words',
    ...OUTSIDE,
    'config',
    'ledger',
    'health',
    'native-free',
    'front-end',
    'policy',
    'journal',
    'checker',
    'fleet-model',
    'routing',
  ],
  cli: [...OUTSIDE, 'flows', 'words', 'service', 'config', 'ledger', 'demos', 'rules'],
  bench: [...CORE, ...OUTSIDE, 'flows', 'fleet-model', 'router', 'front-end', 'service', 'cli'],
}

/** The only files that may import a package; a package that is not listed may be imported anywhere. */
const PACKAGE_USERS: Record<string, RegExp> = {
  nats: /^src\/(front-end\/nats\/|client\/|service\/load)|^bench\//,
  'hdr-histogram-js': /^src\/observe\/latency|^bench\//,
  piscina: /^src\/router\/pool\.ts$|^src\/observe\/|^src\/ledger\/|^bench\//,
  yaml: /^src\/config\//,
  'fastest-levenshtein': /^src\/words\//,
  'prom-client': /^src\/observe\/metrics|^src\/service\//,
  pino: /^src\/service\//,
  mnemonist: /^src\/(policy|journal|front-end)\/|^bench\//,
  commander: /^src\/cli\//,
  'cli-table3': /^src\/(cli|service)\/|^bench\//,
  picocolors: /^src\/(cli|service)\/|^bench\//,
  tinybench: /^bench\//,
}

const SURFACE = [
  'api.ts',
  'agent-batch.ts',
  'agent-task.ts',
  'task-inputs.ts',
  'agent-options.ts',
  'adopted-options.ts',
]

const files = sources('native-free', 'src', 'bench').filter(
  (file) => !file.startsWith('bench/peers/'),
)

function areaOf(file: string): string {
  const [top, second, ...rest] = file.split('/')
  if (top !== 'src') return top
  if (rest.length > 0) return second
  if (second === 'index.ts') return 'client-entry'
  if (second.startsWith('scheduler')) return 'scheduler'
  return SURFACE.includes(second) ? 'surface' : 'shared'
}

interface Import {
  readonly from: string
  readonly to: string
}

/** `import … from '…'`, `export … from '…'`, `import '…'`, `import('…')`. */
const STATEMENT = /^(?:import|export)\b[\w\s{},*$]*\bfrom\s*'([^']+)'|\bimport\s*\(?\s*'([^']+)'/gm

const imports: Import[] = files.flatMap((from) =>
  [...text(from).matchAll(STATEMENT)]
    .map(([, named, bare]) => named ?? bare)
    .map((to) => ({ from, to: to.startsWith('.') ? join(dirname(from), to) : to })),
)
const ofOurs = imports.filter(({ to }) => files.includes(to))
const ofPackages = imports.filter(({ to }) => !/^(src|native-free|bench)\//.test(to))

test('imports: every import of our own names a file that exists, with its .ts ending', () => {
  const unknown = imports
    .filter(({ to }) => /^(src|native-free|bench)\//.test(to) || to.startsWith('..'))
    .filter(({ to }) => !files.includes(to))
  expect(unknown).toEqual([])
})

test('imports: they are seen at all', () => {
  expect(ofOurs.length).toBeGreaterThan(files.length / 2)
  expect(ofPackages.length).toBeGreaterThan(0)
})

test('imports: every area is one whose direction is settled', () => {
  const unsettled = files.filter((file) => MAY_IMPORT[areaOf(file)] === undefined)
  expect(unsettled).toEqual([])
})

test('imports: dependencies point in the allowed directions only', () => {
  const wrong = ofOurs.filter(({ from, to }) => {
    const area = areaOf(from)
    return areaOf(to) !== area && !MAY_IMPORT[area]?.includes(areaOf(to))
  })
  expect(wrong).toEqual([])
})

test('imports: the allowed directions have no circle', () => {
  const done = new Set<string>()
  const visit = (area: string, path: string[]): void => {
    if (path.includes(area)) throw new Error(`circle: ${[...path, area].join(' → ')}`)
    if (done.has(area)) return
    for (const next of MAY_IMPORT[area]) visit(next, [...path, area])
    done.add(area)
  }
  for (const area of Object.keys(MAY_IMPORT)) visit(area, [])
})

test('imports: native-free imports no package and nothing of Node', () => {
  expect(ofPackages.filter(({ from }) => from.startsWith('native-free/'))).toEqual([])
})

test('imports: each package is imported only where it belongs, and is a dependency', () => {
  const { dependencies, devDependencies } = JSON.parse(text('package.json'))
  const foreign = ofPackages.filter(({ to }) => !to.startsWith('node:'))
  expect(foreign.filter(({ to }) => builtinModules.includes(to))).toEqual([])
  const wrong = foreign.filter(({ from, to }) => {
    const users = PACKAGE_USERS[to]
    const known = from.startsWith('bench/') ? { ...dependencies, ...devDependencies } : dependencies
    return known[to] === undefined || (users !== undefined && !users.test(from))
  })
  expect(wrong).toEqual([])
})
