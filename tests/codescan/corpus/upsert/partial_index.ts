import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

// agents.name is unique only among agents that are not deleted, and ON CONFLICT (name) does not find that index.
export async function saveAgent(name: string, cost: number) {
  await supabase
    .from('agents')
    .upsert({ name, credit_cost: cost }, { onConflict: 'name' }) // ! code-conflict-target agents
}

export async function saveAgentById(id: string, name: string, cost: number) {
  await supabase.from('agents').upsert({ id, name, credit_cost: cost }, { onConflict: 'id' })
}
