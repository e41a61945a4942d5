'use server'
import { insertExecution } from './executions'

export async function runAgent(userId: string, agentId: string, inputs: unknown) {
  await insertExecution({
    user_id: userId,
    agent_id: agentId,
    inputs, // ! code-unknown-column agent_executions.inputs
  })
}

export async function rerun(userId: string) {
  await insertExecution({ user_id: userId }) // ! code-column-required agent_executions.agent_id
}
