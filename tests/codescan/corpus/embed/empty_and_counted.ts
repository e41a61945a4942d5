import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function neverReviewed() {
  return supabase.from('agents').select('name, reviews()').is('reviews', null)
}

export async function reviewedOrRun() {
  return supabase
    .from('agents')
    .select('name, reviews(count), runs:agent_executions()')
    .or('reviews.not.is.null,runs.not.is.null')
}

export async function neverBought() {
  return supabase
    .from('agents')
    .select('name, reviews()')
    .is('purchases', null) // ! code-unknown-column agents.purchases
}
