import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

const PLANS = { starter: 'free', business: 'enterprise' } as const

export async function upgrade(userId: string) {
  await supabase.from('subscriptions').update({ tier: 'pro' }).eq('user_id', userId)
  await supabase.from('subscriptions').update({ tier: 'Pro' }).eq('user_id', userId) // ! code-value-refused subscriptions.tier
  await supabase.from('subscriptions').update({ tier: PLANS.starter }).eq('user_id', userId)
  await supabase.from('subscriptions').update({ tier: PLANS.business }).eq('user_id', userId) // ! code-value-refused subscriptions.tier
}

export async function paying() {
  return supabase
    .from('subscriptions')
    .select('user_id')
    .in('tier', ['pro', 'team'])
    .neq('tier', 'trial') // ! code-value-refused subscriptions.tier
}
