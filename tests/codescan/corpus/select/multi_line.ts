import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function adminList() {
  const { data } = await supabase
    .from('agent_executions')
    .select(`
      id,
      status,
      duration_ms,
      agents (
        name,
        slug
      ),
      profiles ( email )
    `)
  // !-7 code-unknown-column agent_executions.duration_ms
  // !-5 code-unknown-column agents.slug
  return data
}
