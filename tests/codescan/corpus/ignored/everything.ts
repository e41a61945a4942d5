import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function experiments(id: string) {
  const { data } = await supabase
    .from('agents')
    // agentctl-ignore: code-unknown-column
    .select('id, experiment')
    .eq('variant', id) // agentctl-ignore: code-unknown-column, code-value-refused
  // agentctl-ignore: code-value-refused
  await supabase.from('agents').update({ credit_cost: -1 }).eq('id', id)
  await supabase.from('warehouse_facts').select('day') // agentctl-ignore
  return data
}
