import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

const byEmail = { onConflict: 'email', count: 'exact' as const }

export async function signIn(id: string, email: string) {
  await supabase.from('profiles').upsert({ id, email })
  await supabase.from('profiles').upsert({ email, full_name: null }, byEmail)
  await supabase.from('agent_prices').upsert({ agent_id: id, net: 10 }).select('gross').single()
  await supabase.from('categories').upsert([{ id: 1, slug: 'seo', title: 'SEO' }], { onConflict: 'slug' })
}

export async function subscribe(userId: string) {
  // Without a key in the row an upsert is an insert.
  await supabase.from('subscriptions').upsert({ user_id: userId, country: 'FR', tier: 'team' })
}
