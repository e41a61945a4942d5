import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

// failed_runs(agents) returns rows of agent_executions; PostgREST embeds it like a table.
export async function failing() {
  return supabase.from('agents').select('name, failed_runs(id, created_at)')
}

export async function failingProfiles() {
  return supabase.from('profiles').select('email, failed_runs(id)') // ! code-relationship profiles.failed_runs
}
