// Always names agent 0, be it full or not.
export default () => ({ name: 'full', choose: () => 0 })
