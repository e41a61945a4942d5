import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_ANON_KEY!)

export async function listFor(team: boolean) {
  const table = team ? 'profiles' : 'agents'
  // `name` is in one of them, which is all that can be said.
  return supabase.from(table).select('id, name').order('created_at')
}

export async function archiveOrLive(archived: boolean) {
  return supabase.from(archived ? 'agents_archive' : 'agents').select('id') // ! code-unknown-table agents_archive
}

export async function countAll() {
  const counts: Record<string, number | null> = {}
  for (const table of ['profiles', 'agents', 'agent_executions'] as const) {
    const { count } = await supabase.from(table).select('id', { count: 'exact', head: true })
    counts[table] = count
  }
  return counts
}
