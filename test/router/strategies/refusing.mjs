// Says that nobody is free, whoever is.
export default () => ({ name: 'refusing', choose: () => -1 })
