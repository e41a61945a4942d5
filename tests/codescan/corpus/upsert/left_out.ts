import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

// An upsert inserts first: NOT NULL is looked at before the conflict is.
export async function markDone(id: string) {
  await supabase.from('agent_executions').upsert({ // ! code-column-required agent_executions.user_id ; code-column-required agent_executions.agent_id
    id,
    status: 'success',
  })
}

export async function topUp(id: string, email: string, credits: number) {
  await supabase.from('profiles').upsert({ id, email, credits })
}

export async function skipKnown(id: string) {
  await supabase.from('agents').upsert({ id, name: 'x' }, { ignoreDuplicates: true }) // ! code-column-required agents.credit_cost
}
