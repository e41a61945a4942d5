import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function page(signal: AbortSignal, from: number) {
  const { data } = await supabase
    .from('agent_executions')
    .select('id, status')
    .abortSignal(signal)
    .range(from, from + 19)
    .order('created_at', { ascending: false, nullsFirst: false })
    .throwOnError()
    .returns<{ id: string; status: string }[]>()
  return data
}

export async function plan(id: string) {
  return supabase.from('agents').select('name').eq('uuid', id).explain({ analyze: true, format: 'json' }) // ! code-unknown-column agents.uuid
}
