import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function runs(userId: string) {
  return supabase
    .from('agent_executions')
    .select('id, status, agent:agents(name, credit_cost), profiles!inner(email)')
    .eq('user_id', userId)
    .eq('profiles.is_active', true)
}

export async function runsWithWorkflow() {
  return supabase
    .from('agent_executions')
    .select('id, agents(name), credit_transactions(amount)') // ! code-relationship agent_executions.credit_transactions
}
