import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function top() {
  const all = await supabase.rpc('top_agents')
  const some = await supabase.rpc('top_agents', { p_limit: 5 }).select('title, runs').gt('runs', 0).order('runs')
  const counted = await supabase.rpc('top_agents', {}, { count: 'exact', head: true })
  return { all, some, counted }
}

export async function topByName() {
  return supabase
    .rpc('top_agents', { p_limit: 3 })
    .select('agent_id, name') // ! code-unknown-column top_agents.name
    .eq('category', 'seo') // ! code-unknown-column top_agents.category
}

export async function found(query: string) {
  // It returns rows of agents, so what agents embed can be embedded.
  return supabase.rpc('search_agents', { p_query: query }).select('name, tags(label), display_label').single()
}
