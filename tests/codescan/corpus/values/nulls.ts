import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function good(id: string) {
  await supabase.from('agents').update({ deleted_at: null, category: null, input_schema: null }).eq('id', id)
  await supabase.from('audit_log').insert({ actor: null, action: 'cleared', labels: null })
}

export async function bad(id: string) {
  await supabase.from('agents').update({ name: null }).eq('id', id) // ! code-value-refused agents.name
  await supabase.from('profiles').insert({
    email: 'new@example.org',
    credits: null, // ! code-value-refused profiles.credits
  })
  await supabase.from('subscriptions').update({ tier: null }).eq('id', 1) // ! code-value-refused subscriptions.tier
}
