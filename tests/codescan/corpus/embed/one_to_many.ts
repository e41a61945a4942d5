import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function agentsWithRuns() {
  return supabase
    .from('agents')
    .select('name, agent_executions(id, status), reviews!left(stars), agent_prices(net, gross)')
    .order('created_at', { referencedTable: 'agent_executions', ascending: false })
    .limit(3, { referencedTable: 'agent_executions' })
}

export async function agentsWithOwners() {
  return supabase.from('agents').select('name, profiles(email)') // ! code-relationship agents.profiles
}
