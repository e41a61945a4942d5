import { createServerClient } from '@supabase/ssr'
import { EXECUTIONS, LOGS, PROFILES } from '.'

const supabase = createServerClient(process.env.SUPABASE_URL!, process.env.SUPABASE_ANON_KEY!, {
  cookies: { getAll: () => [], setAll: () => {} },
})

export async function overview(userId: string) {
  const profile = await supabase.from(PROFILES).select('email').eq('id', userId).single()
  const runs = await supabase.from(EXECUTIONS).select('id, status').eq('user_id', userId)
  const logs = await supabase.from(LOGS).select('message').eq('user_id', userId)
  return { profile, runs, logs }
}
