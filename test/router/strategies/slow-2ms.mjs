// Takes two milliseconds for every choice.
export default () => ({
  name: 'slow-2ms',
  choose(_task, candidates) {
    const end = performance.now() + 2
    while (performance.now() < end);
    return candidates.first()
  },
})
