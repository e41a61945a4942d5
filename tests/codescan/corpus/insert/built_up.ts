import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

interface Params {
  userId: string
  agentId: string
  inputs?: unknown
}

export async function record(params: Params) {
  const payload: Record<string, unknown> = { user_id: params.userId }
  payload.agent_id = params.agentId
  payload['status'] = 'pending'
  if (params.inputs) {
    payload.inputs = params.inputs // ! code-unknown-column agent_executions.inputs
  }
  return supabase.from('agent_executions').insert(payload)
}

export async function addCategory(slug: string, title: string, parent?: number) {
  const row: any = {}
  row.slug = slug
  row.title = title
  if (parent !== undefined) row.parent_id = parent
  await supabase.from('categories').insert(row)
}
