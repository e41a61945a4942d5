import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function scores() {
  const agents = await supabase
    .from('agents')
    .select('name, rank, score')
  // !-1 code-migration-pending agents.rank
  // !-2 code-unknown-column agents.score
  const badges = await supabase.from('badges').select('id') // ! code-unknown-table badges
  return { agents, badges }
}
