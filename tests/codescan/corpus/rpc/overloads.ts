import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function find(query: string, category?: string) {
  if (category) {
    return supabase.rpc('search_agents', { p_query: query, p_category: category })
  }
  return supabase.rpc('search_agents', { p_query: query }).select('id, name').gt('credit_cost', 1)
}

export async function findTagged(query: string, tag: string) {
  return supabase.rpc('search_agents', { p_query: query, p_tag: tag }) // ! code-unknown-argument search_agents.p_tag
}
