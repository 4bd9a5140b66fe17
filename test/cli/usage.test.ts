import { expect, test } from 'vitest'
import { withHome } from './support.ts'

const { cli } = withHome()
const NOBODY = '127.0.0.1:1'

test('cli: it tells its version and its help, and both are no error', async () => {
  const [version, help] = await Promise.all([cli(['--version']), cli(['task', 'submit', '--help'])])
  expect(version).toMatchObject({ code: 0, stderr: '' })
  expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  expect(help).toMatchObject({ code: 0, stderr: '' })
  expect(help.stdout).toContain('--wait')
  expect(help.stdout).toContain('--output')
})

test('cli: without a command it prints its help, 80 columns wide, as wrong usage', async () => {
  const { code, stdout, stderr } = await cli([])
  expect(code).toBe(2)
  const lines = (stdout + stderr).split('\n')
  expect(lines.join('\n')).toContain('signalbox dev')
  expect(lines.filter((line) => line.length > 80)).toEqual([])
})

test.each([
  [['statsu'], /^error usage: Unknown command 'statsu': did you mean status\?\n$/],
  [['task', 'submt', 'q'], /^error usage: Unknown command 'submt': did you mean submit\?\n$/],
  [
    ['task', 'submit', 'q', '--wiat'],
    /^error usage: Unknown option '--wiat': did you mean --wait\?\n$/,
  ],
  [
    ['task', 'submit'],
    /^error usage: Missing required argument 'queue'; see `signalbox task submit --help`\.\n$/,
  ],
  [['status', 'now'], /^error usage: Too many arguments .*; see `signalbox status --help`\.\n$/],
  [['status', '-o', 'xml'], /^error usage: .*Allowed choices are table, json, ndjson; see/],
  [['serve'], /^error bad_option: There is nothing to serve: give --queue NAME or --config FILE/],
  [['agent', 'run', 'a'], /^error usage: Required option '--exec <command>' not specified; see/],
  [
    ['agent', 'run', 'a', '--exec', 'cat', '--concurrency', '0'],
    /^error usage: .*from 1 to 65535;/,
  ],
  [
    ['agent', 'run', 'a', '--exec', 'cat', '--concurrency', '1e9'],
    /^error usage: .*from 1 to 65535;/,
  ],
  [['load', 'q', '--rate', 'fast'], /^error usage: .*Give a number above 0/],
  [['load', 'q', '--rate', '1', '--window', '1'], /^error usage: .*exclude each other/],
  [
    ['serve', '--queue', 'q', '--adopt', 'work.q:all'],
    /^error usage: .*Give SUBJECT, SUBJECT=QUEUE/,
  ],
  [
    ['serve', '--queue', 'q', '--adopt', 'work.ocr'],
    /^error bad_option: .* is "ocr": it is none of the configured queues \(q\); say which/,
  ],
  [['dev', '--adopt', 'work.*'], /^error bad_option: .*wildcards/],
  [['dev', '--tasks', '-5'], /^error usage: .*Give a whole number/],
  [['dev', '--routers', '17'], /^error usage: .*from 0 to 16/],
  [
    ['status', '--nats', 'http://x'],
    /^error bad_option: The NATS address "http:\/\/x" from --nats is none/,
  ],
])('cli: %j is answered with one sentence and exit code 2', async (words, sentence) => {
  const { code, stdout, stderr } = await cli(words)
  expect(stderr).toMatch(sentence)
  expect(stderr.trimEnd()).not.toContain('\n')
  expect(stdout).toBe('')
  expect(code).toBe(2)
})

test.each([
  [['status']],
  [['task', 'submit', 'q', 'x']],
  [['agent', 'list']],
  [['agent', 'run', 'a', '--exec', 'cat']],
  [['load', 'q', '--count', '1']],
  [['serve', '--queue', 'q']],
])('cli: %j without a NATS server says where it looked and exits with 3', async (words) => {
  const { code, stdout, stderr } = await cli(words, { env: { NATS_URL: NOBODY } })
  expect(stderr).toMatch(
    /^error nats_unreachable: No NATS server answers at 127\.0\.0\.1:1 \(from NATS_URL\): start one/,
  )
  expect(stderr.trimEnd()).not.toContain('\n')
  expect(stdout).toBe('')
  expect(code).toBe(3)
})

test('cli: what is wrong in a queue’s name is shown without its control characters', async () => {
  const { code, stderr } = await cli(['task', 'submit', 'a\u001b[2J\r\nb', 'x', '--nats', NOBODY])
  expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
  expect(code).toBe(3)
})
