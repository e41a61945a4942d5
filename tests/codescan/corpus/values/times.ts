import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function times(id: string) {
  await supabase.from('agents').update({ updated_at: 'now', deleted_at: 'infinity' }).eq('id', id)
  await supabase.from('agents').update({ updated_at: new Date().toISOString() }).eq('id', id)
  await supabase.from('agents').update({ updated_at: '2027-02-03 04:05 Europe/Vienna' }).eq('id', id)
  await supabase.from('agents').select('id').gte('created_at', 'yesterday').lt('created_at', '20270101')
  await supabase.from('agents').update({ expires_at: 'tomorrow' }).eq('id', id) // ! code-unknown-column agents.expires_at
}
