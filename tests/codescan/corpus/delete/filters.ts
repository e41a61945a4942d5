import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function forget(userId: string) {
  await supabase.from('agent_executions').delete().eq('user_id', userId)
  await supabase.from('credit_transactions').delete().eq('profile_id', userId) // ! code-unknown-column credit_transactions.profile_id
  await supabase.from('profiles').delete({ count: 'exact' }).match({ id: userId, is_active: false })
}
