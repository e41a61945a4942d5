export const PROFILES = 'profiles'
const executions = 'agent_executions'
const logs = 'agent_logs' // ! code-unknown-table agent_logs
export { executions as EXECUTIONS, logs }
