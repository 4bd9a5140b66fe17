/**
 * Dead letters of all schedulers. A list is that of one scheduler after the other, each with its newest
 * first; what is done to many is asked of those that have them, one after the other, so that a limit
 * holds over all.
 */
import type {
  DeadLetterPage,
  DeadLetterView,
  ListDeadLettersOptions,
  PurgeOptions,
  PurgeResult,
  ReplayOptions,
  ReplayResult,
} from '../promise-views.ts'
import {
  checkLetterListOptions,
  checkPurgeOptions,
  checkReplayOptions,
  parseLetterCursor,
  purgeBody,
  replayBody,
} from '../wire/dead-letter-options.ts'
import {
  CURSOR_JOINT,
  fillLetters,
  type PurgePage,
  purgePages,
  type ReplayPage,
  replayPages,
} from '../wire/dead-letter-pages.ts'
import { requireToken } from '../wire/tokens.ts'
import type { Asker } from './ask.ts'

/** What one scheduler answers. */
interface Answer extends DeadLetterPage {
  scheduler: string
  /** A cursor that begins before all that it has. */
  start: string
}

export class DeadLettersApi {
  readonly #asker: Asker

  constructor(asker: Asker) {
    this.#asker = asker
  }

  async list(options: ListDeadLettersOptions = {}): Promise<DeadLetterPage> {
    const { cursor, ...asked } = options
    const { limit } = checkLetterListOptions(asked)
    const ask = (part: Pick<ListDeadLettersOptions, 'limit' | 'cursor'>): Promise<Answer> => {
      const { scheduler } = parseLetterCursor(part.cursor)
      return this.#asker.call('dead', { ...asked, ...part }, scheduler)
    }
    if (cursor !== undefined && cursor !== null) {
      const cursors = String(cursor).split(CURSOR_JOINT)
      for (const each of cursors) parseLetterCursor(each)
      return fillLetters([], cursors, limit, ask)
    }
    const answers = await this.#answers(asked)
    const letters: DeadLetterView[] = []
    const cursors: string[] = []
    for (const answer of answers) {
      const fits = cursors.length === 0 && letters.length + answer.letters.length <= limit
      if (fits) letters.push(...answer.letters)
      const left = fits ? answer.cursor : answer.start
      if (left !== null) cursors.push(left)
    }
    return fillLetters(letters, cursors, limit, ask)
  }

  async #answers(body: object): Promise<Answer[]> {
    const answers = await this.#asker.gather<Answer>('dead', body)
    const having = answers.filter(({ letters, cursor }) => letters.length > 0 || cursor !== null)
    return having.sort((a, b) => (a.scheduler < b.scheduler ? -1 : 1))
  }

  async get(name: string, id: string): Promise<DeadLetterView> {
    return this.#asker.call('letter', {
      name: requireToken(name, 'name of dead letters'),
      id: requireToken(id, 'task id'),
    })
  }

  async replay(options: ReplayOptions): Promise<ReplayResult> {
    const checked = checkReplayOptions(options)
    const ask = (part: typeof checked, scheduler?: string) =>
      this.#asker.call<ReplayPage>('replay', replayBody(part), scheduler)
    if (checked.id !== null) {
      const { replayed, refused } = await ask(checked)
      return { replayed, refused }
    }
    const all: ReplayResult = { replayed: [], refused: [] }
    for (const { scheduler } of await this.#answers({ name: checked.name, limit: 1 })) {
      const max = checked.max - all.replayed.length
      if (max <= 0) break
      const one = await replayPages({ ...checked, max }, (part) => ask(part, scheduler))
      all.replayed.push(...one.replayed)
      all.refused.push(...one.refused)
    }
    return all
  }

  async purge(options: PurgeOptions): Promise<PurgeResult> {
    const checked = checkPurgeOptions(options)
    const ask = (part: typeof checked, scheduler?: string) =>
      this.#asker.call<PurgePage>('purge', purgeBody(part), scheduler)
    if (checked.id !== null) return { purged: (await ask(checked)).purged }
    let purged = 0
    for (const { scheduler } of await this.#answers({ name: checked.name, limit: 1 })) {
      purged += (await purgePages(checked, (part) => ask(part, scheduler))).purged
    }
    return { purged }
  }
}
