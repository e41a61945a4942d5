import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function favourites(userId: string) {
  return supabase
    .from('favourites') // ! code-migration-pending favourites
    .select('agent_id, created_at')
    .eq('user_id', userId)
}

export async function popularity(agentId: string) {
  return supabase.rpc('count_favourites', { p_agent_id: agentId }) // ! code-migration-pending count_favourites
}

export async function follow(userId: string) {
  return supabase.from('followers').insert({ user_id: userId }) // ! code-unknown-table followers
}
