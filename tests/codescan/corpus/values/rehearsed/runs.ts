import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function runsOf(userId: string, status: string) {
  return supabase.from('agent_executions').select('id').eq('user_id', userId).eq('status', status)
}

export async function close(id: string, status: string) {
  return supabase.from('agent_executions').update({ status }).eq('id', id) // ! code-value-refused agent_executions.status
}
