import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function book(userId: string, agentId: string) {
  return supabase
    .from('agent_executions')
    .insert({ user_id: userId, agent_id: agentId })
    .select('id, agents(name, webhook_url), profiles(credits, plan)') // ! code-unknown-column profiles.plan
    .single()
}
