import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function subscribe(userId: string) {
  await supabase.from('subscriptions').insert({ user_id: userId, country: 'DE' })
  await supabase.from('subscriptions').insert({ user_id: userId, country: 'DE  ' })
  await supabase.from('subscriptions').insert({ user_id: userId, country: 'ÖÄ' })
  await supabase.from('subscriptions').insert({ user_id: userId, country: '' })
  await supabase.from('subscriptions').insert({ user_id: userId, country: 'Germany' }) // ! code-value-refused subscriptions.country
  await supabase.from('subscriptions').update({ country: 'DEU' }).eq('user_id', userId) // ! code-value-refused subscriptions.country
}
