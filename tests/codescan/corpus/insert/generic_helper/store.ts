import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

// Which row goes into which table is decided by each call, not by all of them together.
export async function save(table: string, row: Record<string, unknown>) {
  const { data, error } = await supabase.from(table).insert(row).select('id').single()
  if (error) throw error
  return data.id
}

export async function findBy(table: string, column: string, value: string) {
  return supabase.from(table).select('*').eq(column, value)
}
