import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_ANON_KEY!)
const PREFIX = 'agent'

export async function prices() {
  const { data } = await supabase.from(`${PREFIX}_prices`).select('agent_id, gross')
  return data
}

export async function limits() {
  const { data } = await supabase
    .from(`${PREFIX}_limits`) // ! code-unknown-table agent_limits
    .select('agent_id')
  return data
}
