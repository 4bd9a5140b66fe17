/** The configuration file where nobody names one. Any thread; apart, so that to know it loads no YAML. */
export const CONFIG_FILE = 'signalbox.yaml'
