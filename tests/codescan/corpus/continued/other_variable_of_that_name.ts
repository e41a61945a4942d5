import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function first(tier: string) {
  let query = supabase.from('agents').select('id')
  query = query.eq('category', tier)
  return query
}

export async function second(tier: string) {
  // The same name in another function is another query.
  let query = supabase.from('subscriptions').select('id')
  if (tier) query = query.eq('tier', tier)
  query = query.eq('plan', tier) // ! code-unknown-column subscriptions.plan
  return query
}

export function third(items: { query: string }[]) {
  let query = items.map((item) => item.query).filter((text) => text !== 'x').join(' ')
  query = query.concat('name')
  return query
}
