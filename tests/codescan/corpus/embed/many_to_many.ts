import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function tagged(label: string) {
  return supabase
    .from('agents')
    .select('name, tags!inner(label), agent_tags(added_at, tags(id))')
    .eq('tags.label', label)
}

export async function throughTheJunction() {
  return supabase.from('tags').select('label, agents!agent_tags(name)')
}

export async function wrongJunction() {
  return supabase.from('tags').select('label, agents!agent_labels(name)') // ! code-relationship tags.agents
}
