import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

async function agentOf(id: string) {
  if (id === 'demo') return { name: 'Demo' }
  return supabase.from('agents').select('name').eq('id', id).single()
}

export const page = (params: { id?: string }) => agentOf(params.id || 'demo')

export async function runs(mine: boolean, first: boolean) {
  await supabase.from('agent_executions').select('id').eq('agent_id', mine ? 'mine' : first ? 'first' : 'any') // ! code-value-refused agent_executions.agent_id ; code-value-refused agent_executions.agent_id ; code-value-refused agent_executions.agent_id
}
