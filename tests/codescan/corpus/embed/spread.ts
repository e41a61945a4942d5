import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function flatRuns() {
  return supabase
    .from('agent_executions')
    .select('id, ...agents(agent_name:name, cost:credit_cost), ...profiles!inner(user_email:email)')
}

export async function flatTags() {
  return supabase.from('agents').select('name, agent_tags(added_at, ...tags(tag:label))')
}

export async function flatBroken() {
  return supabase
    .from('agent_executions')
    .select('id, ...agents(agent_name:title), ...credit_transactions(amount)') // ! code-unknown-column agents.title ; code-relationship agent_executions.credit_transactions
}
