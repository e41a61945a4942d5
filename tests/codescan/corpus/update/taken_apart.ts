import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function shapes(input: { status: string; owner: string }, ids: string[]) {
  let status = 'none'
  let owner = 'nobody'
  let first = 'none'
  let each = 'none'
  ;({ status, owner: owner } = input)
  ;[first] = ids
  for (each of ids) await supabase.from('agent_executions').delete().eq('id', each)
  await supabase.from('agent_executions').update({ status, user_id: owner }).eq('id', first)
}
