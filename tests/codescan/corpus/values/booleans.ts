import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function good(id: string) {
  await supabase.from('profiles').update({ is_active: 'yes' }).eq('id', id)
  await supabase.from('profiles').update({ is_active: 'f' }).eq('is_active', 'true')
  await supabase.from('profiles').update({ is_active: 1 }).eq('id', id)
  await supabase.from('profiles').update({ is_active: null }).is('is_active', false)
}

export async function bad(id: string) {
  await supabase.from('profiles').update({ is_active: 'active' }).eq('id', id) // ! code-value-refused profiles.is_active
  await supabase.from('profiles').update({ is_active: 2 }).eq('id', id) // ! code-value-refused profiles.is_active
  await supabase.from('subscriptions').select('id').eq('auto_renew', 'monthly') // ! code-value-refused subscriptions.auto_renew
}
