import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

function executionRow(userId: string, agentId: string) {
  return {
    user_id: userId,
    agent_id: agentId,
    result: null, // ! code-unknown-column agent_executions.result
  }
}

const transferRow = (from: string, to: string, amount: number) => ({ from_user: from, to_user: to, amount })

export async function both(a: string, b: string) {
  await supabase.from('agent_executions').insert(executionRow(a, b))
  await supabase.from('credit_transfers').insert(transferRow(a, b, 10))
}
