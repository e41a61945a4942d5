import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function complete(id: string, ok: boolean) {
  await supabase
    .from('agent_executions')
    .update({ status: ok ? 'completed' : 'failed' }) // ! code-value-refused agent_executions.status
    .eq('id', id)
}

export async function start(userId: string, agentId: string, status?: string) {
  await supabase.from('agent_executions').insert({
    user_id: userId,
    agent_id: agentId,
    status: status ?? 'queued', // ! code-value-refused agent_executions.status
  })
}

export async function freeAgent(name: string) {
  await supabase.from('agents').insert({ name, credit_cost: 0 }) // ! code-value-refused agents.credit_cost
  await supabase.from('profiles').update({ credits: -1 }).eq('email', name) // ! code-value-refused profiles.credits
}
