/** A person who takes tasks, checked and complete. Any thread. */
import type { PersonOptions } from '../people-views.ts'
import type { Working } from './clock.ts'

export interface Person extends Readonly<Required<PersonOptions>> {
  readonly name: string
  readonly working: Working
}

/** By name. */
export type Roster = ReadonlyMap<string, Person>
