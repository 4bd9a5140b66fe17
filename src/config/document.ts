/**
 * The text of a configuration file as nodes that know where they stand.
 *
 * Runs in any thread, when a file is read. Invariant: no text makes it throw, overflow the stack or
 * take long: what is too large, too deep or no YAML comes back as findings.
 *
 * Depth is watched token by token, because the YAML library composes nodes by recursion: 100,000
 * brackets in a row end a process without an exception. Aliases are nodes here, never copied, so that
 * a few lines cannot become millions of values.
 */
import {
  type Alias,
  Composer,
  type Document,
  isAlias,
  Lexer,
  LineCounter,
  type Node,
  Parser,
  visit,
} from 'yaml'
import { Findings } from './findings.ts'

export const FILE_BYTES_MAX = 1024 * 1024
/** The deepest that a key can stand is 4. */
const DEPTH_MAX = 32
const ALIASES_MAX = 10_000
const SYNTAX_ERRORS_MAX = 20

export interface ConfigDocument {
  /** Null when it is empty or no YAML. */
  readonly root: Node | null
  /** What an alias stands for. */
  readonly targets: ReadonlyMap<Alias, Node>
  readonly findings: Findings
}

export function parseConfig(given: string, file: string): ConfigDocument {
  const text = given.startsWith('\ufeff') ? given.slice(1) : given
  const lines = new LineCounter()
  const findings = new Findings(file, (offset) => lines.linePos(offset))
  const nothing = { root: null, targets: new Map(), findings }
  if (text.length > FILE_BYTES_MAX) {
    findings.error(0, '', `the file has more than ${FILE_BYTES_MAX} bytes: split its queues up`)
    return nothing
  }
  const document = compose(text, lines, findings)
  if (document === null) return nothing
  for (const { pos, message } of document.errors.slice(0, SYNTAX_ERRORS_MAX)) {
    findings.error(pos[0], '', syntaxSentence(message))
  }
  for (const { pos, message } of document.warnings.slice(0, SYNTAX_ERRORS_MAX)) {
    findings.error(pos[0], '', `${firstLine(message)}: leave it out`)
  }
  if (findings.hasErrors) return nothing
  return { root: document.contents, targets: targetsIn(document, findings), findings }
}

function compose(text: string, lines: LineCounter, findings: Findings): Document | null {
  lines.addNewLine(0)
  const parser = new Parser(lines.addNewLine)
  const tokens = []
  let errors = 0
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) {
      if (token.type === 'error' && ++errors >= SYNTAX_ERRORS_MAX) {
        findings.error(token.offset, '', 'this is no YAML')
        return null
      }
      tokens.push(token)
    }
    if (parser.stack.length <= DEPTH_MAX) continue
    findings.error(parser.offset, '', `it is nested more than ${DEPTH_MAX} levels deep`)
    return null
  }
  tokens.push(...parser.end())
  const composer = new Composer({ version: '1.2', uniqueKeys: false, prettyErrors: false })
  const documents = composer.compose(tokens)
  const { value: first } = documents.next() as { value: Document | undefined }
  const { value: second } = documents.next() as { value: Document | undefined }
  if (second === undefined) return first ?? null
  findings.error(second.range?.[0] ?? 0, '', 'there is a second document: a configuration is one')
  return null
}

/** Each alias with the nearest node before it that has its name. */
function targetsIn(document: Document, findings: Findings): Map<Alias, Node> {
  const anchors = new Map<string, Node>()
  const targets = new Map<Alias, Node>()
  let count = 0
  visit(document, {
    Node: (_, node) => {
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.set(node.anchor, node as Node)
        return undefined
      }
      const offset = node.range?.[0] ?? 0
      if (++count > ALIASES_MAX) {
        findings.error(offset, '', `there are more than ${ALIASES_MAX} aliases`)
        return visit.BREAK
      }
      const target = anchors.get(node.source)
      if (target === undefined) {
        findings.error(offset, '', 'nothing of this name stands above it', { value: node.source })
      } else targets.set(node, target)
      return undefined
    },
  })
  return targets
}

function syntaxSentence(message: string): string {
  const first = firstLine(message)
  // `is: >=` of a rule is the usual one.
  if (first.startsWith('plain value cannot start with')) return `${first}: put it in quotes`
  return /\btabs?\b/i.test(first) ? `${first}: indent with spaces` : first
}

function firstLine(message: string): string {
  const first = message.split('\n')[0].trim().replace(/[.:]$/, '')
  return first === '' ? 'this is no YAML' : first.charAt(0).toLowerCase() + first.slice(1)
}
