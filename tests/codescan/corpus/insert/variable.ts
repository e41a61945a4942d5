import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function record(userId: string, agentId: string) {
  const row = {
    user_id: userId,
    agent_id: agentId,
    workflow_id: 'seo-blog', // ! code-unknown-column agent_executions.workflow_id
    status: 'running' as const,
  }
  const { data, error } = await supabase.from('agent_executions').insert(row).select().single()
  if (error) throw error
  return data
}

export async function transfer(from: string, to: string, amount: number) {
  const rows = [
    { from_user: from, to_user: to, amount },
    { from_user: to, to_user: from, amount, reason: 'bounced' }, // ! code-unknown-column credit_transfers.reason
  ]
  return supabase.from('credit_transfers').insert(rows)
}
