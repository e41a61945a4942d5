import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_ANON_KEY!)

export async function loadShop() {
  const [agents, tags, stats] = await Promise.all([
    supabase.from('agents').select('id, name, credit_cost'),
    supabase.from("tags").select("id, label"),
    supabase.from(`agent_stats`).select(`name, runs`),
  ])
  return { agents: agents.data, tags: tags.data, stats: stats.data }
}
