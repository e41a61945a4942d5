import { createClient } from '@supabase/supabase-js'
import type { SupabaseClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function maybe(client: SupabaseClient | null, id: string) {
  const row = await client?.from('agents').select('id, label').eq('id', id).maybeSingle() // ! code-unknown-column agents.label
  const other = await supabase?.from('agents')?.select('name')?.eq('id', id)
  return row?.data ?? other?.data
}
