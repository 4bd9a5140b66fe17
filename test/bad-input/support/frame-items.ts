/** Submit frames read a second time, from their document alone: what the codec is held against. */

export interface ReadItem {
  number: number
  wantsAccepted: boolean
}

const HEAD = 16
const ITEM = 20
const EXTENSION = 6
const PROMISES = 28
/** By version. */
const FLAGS = [0, 3, 7, 15]

/** @returns the items of a submit frame, or the code with which the whole is to be refused. */
export function itemsOf(frame: Uint8Array): ReadItem[] | 'bad_frame' | 'frame_version' {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
  if (frame.length < HEAD || view.getUint16(0, true) !== 0x4253) return 'bad_frame'
  const version = view.getUint8(2)
  if (version > 3) return 'frame_version'
  if (version < 1 || view.getUint8(3) !== 1) return 'bad_frame'
  const count = view.getUint16(4, true)
  if (view.getUint16(6, true) !== 0 || count < 1 || count > 64) return 'bad_frame'
  if (view.getBigUint64(8, true) > BigInt(Number.MAX_SAFE_INTEGER)) return 'bad_frame'
  const items: ReadItem[] = []
  let at = HEAD
  for (let n = 0; n < count; n++) {
    if (at + ITEM > frame.length) return 'bad_frame'
    const flags = view.getUint8(at + 13)
    const isExtended = (flags & 4) !== 0
    const extension = view.getUint16(at + 18, true)
    if (flags > FLAGS[version] || view.getUint8(at + 15) !== 0) return 'bad_frame'
    items.push({ number: view.getUint32(at, true), wantsAccepted: (flags & 1) === 1 })
    const texts = view.getUint8(at + 14) + view.getUint16(at + 16, true)
    const isWhole = isExtended ? isExtension(view, at + ITEM + texts, extension) : extension === 0
    if (!isWhole) return 'bad_frame'
    const promises = (flags & 8) === 0 ? 0 : PROMISES
    if (promises > 0 && !arePromises(view, at + ITEM + texts + extension)) return 'bad_frame'
    at += ITEM + texts + extension + promises + view.getUint32(at + 4, true)
  }
  return at === frame.length ? items : 'bad_frame'
}

function isExtension(view: DataView, at: number, length: number): boolean {
  if (length < EXTENSION || at + length > view.byteLength) return false
  const [key, type, strategy, match] = [0, 1, 2, 3].map((offset) => view.getUint8(at + offset))
  const texts = key + type + strategy + view.getUint16(at + 4, true)
  return match <= 3 && EXTENSION + texts === length
}

function arePromises(view: DataView, at: number): boolean {
  if (at + PROMISES > view.byteLength) return false
  return view.getBigUint64(at + 20, true) <= BigInt(Number.MAX_SAFE_INTEGER)
}
