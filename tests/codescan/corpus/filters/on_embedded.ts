import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function runsOf(category: string) {
  await supabase
    .from('agent_executions')
    .select('id, agents!inner(name, category)')
    .eq('agents.category', category)
    .or('name.eq.a,is_active.is.true', { referencedTable: 'agents' })
    .order('name', { referencedTable: 'agents' })
    .order('agents(credit_cost)', { ascending: false })
    .not('agents', 'is', null)
}

export async function runsOfAlias(name: string) {
  await supabase.from('agent_executions').select('id, agent:agents!inner(name)').eq('agent.name', name)
}

export async function brokenRunsOf(kind: string) {
  await supabase
    .from('agent_executions')
    .select('id, agents!inner(name), profiles(email)')
    .eq('agents.kind', kind) // ! code-unknown-column agents.kind
    .or('nick.eq.a,email.eq.b', { referencedTable: 'profiles' }) // ! code-unknown-column profiles.nick
    .order('rank', { foreignTable: 'agents' }) // ! code-unknown-column agents.rank
    .order('agents(price)') // ! code-unknown-column agents.price
}

export async function deep(label: string) {
  await supabase
    .from('profiles')
    .select('email, agent_executions(status, agents(name, tags(label)))')
    .eq('agent_executions.agents.tags.label', label)
    .eq('agent_executions.agents.tags.color', 'red') // ! code-unknown-column tags.color
}
