// Answers whole numbers at random: now and then a candidate, mostly not.
export default ({ random }) => ({
  name: 'garbage',
  choose: () => random.nextInt(1_000),
})
