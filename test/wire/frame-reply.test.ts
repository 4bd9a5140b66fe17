import { expect, test } from 'vitest'
import { answerSubject, frameReplyTo } from '../../src/wire/subjects.ts'

test('frame reply: frames that name themselves are answered on one subject of their inbox', () => {
  const names = [1, 17, 2 ** 53 - 1].map((number) => frameReplyTo('_INBOX.me.', number))
  expect(names).toEqual([
    '_INBOX.me.frame-1',
    '_INBOX.me.frame-17',
    '_INBOX.me.frame-9007199254740991',
  ])
  expect(new Set(names.map(answerSubject))).toEqual(new Set(['_INBOX.me.frame-0']))
})

test('frame reply: any other reply subject is answered as it stands', () => {
  const others = [
    '',
    '_INBOX.me',
    '_INBOX.frame-me',
    '_INBOX.frame-1.me',
    '_INBOX.me.xframe-1',
    'frame-1',
  ]
  expect(others.map(answerSubject)).toEqual(others)
})
