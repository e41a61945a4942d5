import { createClient } from '@supabase/supabase-js'

enum Table {
  Agents = 'agents',
  Reviews = 'agent_reviews', // ! code-unknown-table agent_reviews
}

const enum View {
  Stats = 'agent_stats',
}

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_ANON_KEY!)

export async function agentPage(id: string) {
  const agent = await supabase.from(Table.Agents).select('name, description').eq('id', id).single()
  const stats = await supabase.from(View.Stats).select('runs, last_run_at').eq('agent_id', id).maybeSingle()
  const reviews = await supabase.from(Table.Reviews).select('stars, body').eq('agent_id', id)
  return { agent, stats, reviews }
}
