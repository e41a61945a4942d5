import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function record(userId: string, agentId: string, status?: string) {
  // JSON has no undefined, so the column keeps its default.
  return supabase.from('agent_executions').insert({
    user_id: userId,
    agent_id: agentId,
    status: status ?? undefined,
  })
}

export async function subscribe(userId: string, renews?: Date) {
  return supabase.from('subscriptions').insert({
    user_id: userId,
    country: 'DE',
    seats: undefined,
    renews_at: renews?.toISOString(),
    ended_at: null,
  })
}
