import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function history(userId: string, status?: string, since?: Date, page = 0) {
  let query = supabase
    .from('agent_executions')
    .select('id, status, agents!inner(name)', { count: 'exact' })
    .eq('user_id', userId)

  query = status ? query.eq('status', status) : query
  if (since) query = query.gte('created_at', since.toISOString())

  const ordered = query.order('created_at', { ascending: false })
  const { data, count, error } = await ordered.range(page * 20, page * 20 + 19)
  if (error) throw new Error(error.message)
  return { data, count }
}
