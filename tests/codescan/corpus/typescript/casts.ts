import { createClient } from '@supabase/supabase-js'
import type { Database } from './database.types'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

type Row = Database['public']['Tables']['agents']['Row']

export async function cast(id: string) {
  const a = await (supabase as any).from('agents').select('id, uuid').eq('id', id) // ! code-unknown-column agents.uuid
  const b = await supabase!.from('agents').select('name')!
  const c = await (supabase.from('agents' as any) as any).select('title').eq('id', id) // ! code-unknown-column agents.title
  const d = await (<any>supabase).from('agents').select('rank') // ! code-unknown-column agents.rank
  const e = await supabase.from<'agents', Row>('agents').select('cost') // ! code-unknown-column agents.cost
  return { a, b, c, d, e }
}
