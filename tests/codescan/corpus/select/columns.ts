import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function shop() {
  const { data } = await supabase.from('agents').select('id, name, credit_cost, thumbnail') // ! code-unknown-column agents.thumbnail
  return data
}

export async function everything() {
  const all = await supabase.from('agents').select()
  const starred = await supabase.from('agents').select('*, display_label')
  const counted = await supabase.from('agents').select('*', { count: 'exact', head: true })
  return { all, starred, counted }
}
