import knex from 'knex'
import { createClient } from '@supabase/supabase-js'

const warehouse = knex({ client: 'pg', connection: process.env.WAREHOUSE_URL })
const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function copyFacts() {
  const facts = await warehouse.from('daily_facts').select('day', 'revenue').where('day', '>', '2027-01-01')
  await warehouse('daily_facts').insert({ day: '2027-01-02', revenue: 3 })
  const { data } = await supabase.from('agent_stats').select('agent_id, runs')
  return { facts, data }
}
