import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function writeReview(agentId: string, stars: number) {
  return supabase
    .from('reviews')
    .insert([
      { agent_id: agentId, stars }, // ! code-column-required reviews.author_id
    ])
}

export async function startTrial(userId: string) {
  // id is an identity, tier, seats and auto_renew have defaults, renews_at may be NULL.
  return supabase.from('subscriptions').insert({ user_id: userId, country: 'AT' })
}

export async function log(action: string) {
  // The trigger fills actor.
  return supabase.from('audit_log').insert({ action })
}
