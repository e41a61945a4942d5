export * from './names'
export { logs as LOGS } from './names'
