import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

let current: string | null = null

export async function signIn(email: string) {
  const { data } = await supabase.from('profiles').select('id').eq('email', email).single()
  current = data?.id ?? null
}

export async function start(agentId: string, user?: { id: string }) {
  if (!user || !current) return
  await supabase.from('agent_executions').insert({ user_id: user?.id ?? '', agent_id: agentId || '' })
  await supabase.from('agent_executions').insert({ user_id: current, agent_id: agentId })
  await supabase.from('agent_executions').select('id').eq('user_id', user?.id || '')
  await supabase.from('agent_executions').select('id').or(`user_id.eq.${current},status.eq.running`)
  await supabase.from('subscriptions').update({ tier: agentId ? 'pro' : null }).eq('id', 1)
}

export async function counted(kind: string) {
  let column = ''
  if (kind === 'run') column = 'total_executions'
  else if (kind === 'credit') column = 'credits'
  if (!column) return null
  return supabase.from('profiles').select(column)
}

export async function misspelt(kind: string) {
  let column = ''
  if (kind === 'run') column = 'total_runs' // ! code-unknown-column profiles.total_runs
  return supabase.from('profiles').select(column)
}

export async function alone() {
  await supabase.from('agent_executions').select('id').eq('user_id', '') // ! code-value-refused agent_executions.user_id
  await supabase.from('agent_executions').update({ status: process.env.STATUS || 'done' }).eq('id', '') // ! code-value-refused agent_executions.status ; code-value-refused agent_executions.id
}

export async function summed(prices: number[]) {
  let cost = 0
  for (const price of prices) cost += price
  await supabase.from('agents').update({ credit_cost: cost }).eq('id', process.env.AGENT)
  await supabase.from('agents').update({ credit_cost: prices[0] ?? 0 }).eq('id', process.env.AGENT)
  await supabase.from('agents').update({ credit_cost: 0 }).eq('id', process.env.AGENT) // ! code-value-refused agents.credit_cost
}
