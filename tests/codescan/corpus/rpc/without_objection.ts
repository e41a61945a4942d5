import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

const DEDUCT = 'deduct_credits_atomic'

export async function run(userId: string, agentId: string) {
  const args = { p_user_id: userId, p_amount: 5 } as Record<string, unknown>
  if (agentId) args.p_agent_id = agentId
  await supabase.rpc(DEDUCT, args)
  await supabase.rpc('top_agents', { p_limit: 3 }, { get: true }).limit(2)
  await supabase.rpc('top_agents', undefined, { head: true, count: 'exact' })
  await supabase.rpc('search_agents', { p_query: 'seo' }).select('name, agent_executions(status)').is('deleted_at', null)
  const { data } = await supabase.rpc('expire_subscriptions').single()
  return data
}
