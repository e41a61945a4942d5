import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

const defaults = { category: 'general', is_active: true }
const tracking = { started_at: new Date().toISOString() } // ! code-unknown-column agent_executions.started_at

export async function createAgent(name: string) {
  return supabase.from('agents').insert({ ...defaults, name, credit_cost: 3 })
}

export async function start(userId: string, agentId: string) {
  return supabase.from('agent_executions').insert({ user_id: userId, agent_id: agentId, ...tracking })
}
