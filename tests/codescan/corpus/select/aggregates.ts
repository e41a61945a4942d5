import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function spending() {
  const totals = await supabase.from('credit_transactions').select('type, amount.sum(), entries:count(), newest:created_at.max()')
  const average = await supabase.from('agents').select('category, avg_cost:credit_cost.avg()::int, id.count()')
  const nested = await supabase.from('audit_log').select('details->cost::numeric.sum()')
  const perAgent = await supabase.from('agents').select('name, agent_executions(count), reviews(stars.avg())')
  return { totals, average, nested, perAgent }
}

export async function brokenSpending() {
  const total = await supabase.from('credit_transactions').select('credits.sum()') // ! code-unknown-column credit_transactions.credits
  const rated = await supabase.from('agents').select('name, reviews(rating.avg())') // ! code-unknown-column reviews.rating
  return { total, rated }
}
