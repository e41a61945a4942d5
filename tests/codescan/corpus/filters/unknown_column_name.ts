import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function sorted(by: string, descending: boolean) {
  return supabase.from('agents').select('id, name').order(by, { ascending: !descending }) // ? the caller's
}

export async function filtered(filters: Record<string, string>) {
  let query = supabase.from('agents').select('id')
  for (const [column, value] of Object.entries(filters)) {
    query = query.eq(column, value) // ? the caller's
  }
  return query
}

export async function sortedByKnown() {
  const columns = { name: 'name', credit_cost: 'credit_costs' } as const // ! code-unknown-column agents.credit_costs
  return supabase.from('agents').select('id').order(columns.name).order(columns['credit_cost'])
}
