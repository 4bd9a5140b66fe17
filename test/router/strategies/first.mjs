// As well as can be: the first that is free.
export default () => ({ name: 'first', choose: (_task, candidates) => candidates.first() })
