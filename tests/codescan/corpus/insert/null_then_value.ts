import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

// What a variable holds at first is not what is sent in the end.
export async function create(name: string, cost: number, draft: boolean) {
  const row: Record<string, unknown> = { name, credit_cost: null, category: 'none' }
  row.credit_cost = cost
  await supabase.from('agents').insert(row)

  let status = 'unset'
  status = draft ? 'pending' : 'running'
  await supabase.from('agent_executions').update({ status }).eq('id', name)

  const patch: Record<string, unknown> = { name, temporary: true }
  delete patch.temporary
  await supabase.from('agents').update(patch).eq('id', name)
}
