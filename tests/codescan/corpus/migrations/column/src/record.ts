import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function record(userId: string, agentId: string, inputs: object) {
  return supabase.from('agent_executions').insert({
    user_id: userId,
    agent_id: agentId,
    inputs, // ! code-migration-pending agent_executions.inputs
    started_at: new Date().toISOString(), // ! code-migration-pending agent_executions.started_at
    ended_at: null, // ! code-unknown-column agent_executions.ended_at
  })
}

export const kinds = () => supabase.from('agents').select('kind') // ! code-migration-pending agents.kind
