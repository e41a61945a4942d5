import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function pages(id: string) {
  const agent = await supabase
    .from('agents')
    .select('*, runs:agent_executions(id, user:profiles(full_name)), price:agent_prices(gross), tags(label)')
    .eq('id', id)
    .order('created_at', { referencedTable: 'runs', ascending: false })
    .limit(5, { foreignTable: 'runs' })
    .single()
  const review = await supabase
    .from('reviews')
    .select('stars, author:profiles!reviews_author_id_fkey(email), agent:agents!agent_id(name)')
    .eq('agent.is_active', true)
    .order('author(email)')
  const tree = await supabase.from('categories').select('title, categories(title)')
  return { agent, review, tree }
}
