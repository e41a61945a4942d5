import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function later() {
  // agentctl-ignore
  await supabase.from('agent_plans').select('id')

  await supabase.rpc('rebuild_plans') // agentctl-ignore
}

export async function sooner() {
  // agentctl-ignore: code-unknown-function, code-unknown-table
  await supabase.from('agent_drafts').select('id')

  const unrelated = 'agentctl-ignore'
  await supabase.from('agent_plans').select(unrelated.length ? 'id' : '*') // ! code-unknown-table agent_plans
}
