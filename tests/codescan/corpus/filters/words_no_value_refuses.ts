import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

// To compare with what no row can hold is pointless, but nothing refuses it.
export async function oldAndNewWords() {
  await supabase.from('agent_executions').select('id').in('status', ['success', 'completed'])
  await supabase.from('subscriptions').select('id').eq('country', 'Austria')
  await supabase.from('subscriptions').select('id').eq('tier', 'gold') // ! code-value-refused subscriptions.tier
}
