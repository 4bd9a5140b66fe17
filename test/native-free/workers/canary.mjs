/** Parts that go wrong, so that the crew can be seen to notice. */
export function fail() {
  throw new Error('a canary failed')
}

export function exit() {
  process.exit(1)
}

export function waitInVain(scene) {
  scene.waitWhile(1_000, 0, 'nothing')
}

export function answer() {
  return 42
}
