import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

const executions = () => supabase.from('agent_executions')

export async function ofUser(userId: string) {
  const table = supabase.from('credit_transactions')
  const { data: entries } = await table.select('amount, type').eq('user_id', userId)
  const { data: runs } = await executions().select('id, state').eq('user_id', userId) // ! code-unknown-column agent_executions.state
  return { entries, runs }
}

export async function same() {
  const base = supabase.from('reviews').select('stars, body')
  const best = await base.gte('stars', 4)
  return best.data
}
