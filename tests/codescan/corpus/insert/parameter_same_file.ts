import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

async function insertExecution(row: Record<string, unknown>) {
  const { data, error } = await supabase.from('agent_executions').insert(row).select('id').single()
  if (error) throw new Error(error.message)
  return data.id
}

export async function runNow(userId: string, agentId: string) {
  return insertExecution({
    user_id: userId,
    agent_id: agentId,
    trigger: 'manual', // ! code-unknown-column agent_executions.trigger
  })
}

export const runLater = (userId: string, agentId: string) =>
  insertExecution({ user_id: userId, agent_id: agentId, status: 'pending' })
