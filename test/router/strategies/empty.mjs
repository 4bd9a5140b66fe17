// Exports nothing that makes a strategy.
export const answer = 42
