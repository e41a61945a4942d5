import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

interface Options {
  category?: string
  maxCost?: number
  term?: string
}

export async function browse({ category, maxCost, term }: Options) {
  let query = supabase.from('agents').select('id, name').is('deleted_at', null)
  if (category) query = query.eq('category', category)
  if (maxCost) {
    query = query.lte('cost', maxCost) // ! code-unknown-column agents.cost
  }
  if (term) {
    query = query.or(`name.ilike.%${term}%,summary.ilike.%${term}%`) // ! code-unknown-column agents.summary
  }
  const { data, error } = await query.order('name').limit(50)
  if (error) throw error
  return data
}
