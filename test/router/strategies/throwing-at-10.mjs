// Throws at the tenth choice of each thread.
export default () => {
  let choices = 0
  return {
    name: 'throwing-at-10',
    choose(_task, candidates) {
      if (++choices === 10) throw new Error('ten is enough')
      return candidates.first()
    },
  }
}
