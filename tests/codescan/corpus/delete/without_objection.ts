import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function purge(before: string, ids: string[]) {
  await supabase.from('agent_executions').delete().lt('created_at', before).in('status', ['failed', 'success'])
  const { count } = await supabase.from('credit_transfers').delete({ count: 'exact' }).in('id', ids)
  await supabase.from('agent_tags').delete().or(`added_at.lt.${before},added_at.is.null`)
  await supabase.from('audit_log').delete().contains('labels', ['debug']).select().single()
  return count
}
