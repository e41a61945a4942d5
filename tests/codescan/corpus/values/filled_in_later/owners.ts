import { createClient } from '@supabase/supabase-js'

export const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)
export const OWNER = { id: '', email: 'owner@example.org', role: 'owner' }

export async function signUp(owner: typeof OWNER) {
  const { data } = await supabase.from('profiles').insert({ email: owner.email }).select('id').single()
  owner.id = data!.id
}

export async function remove(owner: typeof OWNER) {
  await supabase.from('agent_executions').delete().eq('user_id', owner.id)
  await supabase.from('agent_executions').delete().eq('user_id', owner.role) // ! code-value-refused agent_executions.user_id
}
