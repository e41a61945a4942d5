import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function all() {
  await supabase.from('agents').select('*')
  await supabase.from('agents').select('*, agent_prices(*), tags(*)')
  await supabase.from('agents').select(`
    id,
    "name",
    price : credit_cost,
    tags ( label ),
    agent_executions ( count )
  `)
  await supabase.from('agents').select('count')
  await supabase.from('agents').select('id::text, created_at::date, input_schema->0->>label')
  await supabase.from('agents').select(['id', 'name', 'category'].join(','))
  return supabase.from('agent_stats').select('runs.max(), agents:count()')
}
