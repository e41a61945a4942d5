export const AGENTS = 'agents'
export const SESSIONS = 'agent_sessions' // ! code-unknown-table agent_sessions
export type TableName = typeof AGENTS | typeof SESSIONS
