// Ends the thread at its tenth choice.
export default () => {
  let choices = 0
  return {
    name: 'leaving-at-10',
    choose(_task, candidates) {
      if (++choices === 10) process.exit(3)
      return candidates.first()
    },
  }
}
