import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function popular() {
  return supabase.from('agent_stats').select('agent_id, name, runs').gt('runs', 10).order('last_run_at')
}

export async function popularByRevenue() {
  return supabase
    .from('agent_stats')
    .select('name, revenue') // ! code-unknown-column agent_stats.revenue
    .order('turnover') // ! code-unknown-column agent_stats.turnover
}
