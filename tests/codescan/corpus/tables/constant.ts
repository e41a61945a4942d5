import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_ANON_KEY!)

const EXECUTIONS = 'agent_executions'
const RUNS = 'agent_runs' // ! code-unknown-table agent_runs

export async function recentExecutions(userId: string) {
  const { data } = await supabase
    .from(EXECUTIONS)
    .select('id, status, created_at')
    .eq('user_id', userId)
    .order('created_at', { ascending: false })
  return data ?? []
}

export async function countRuns() {
  const { count } = await supabase.from(RUNS).select('*', { count: 'exact', head: true })
  return count ?? 0
}
