import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function profilePage(id: string) {
  const { data } = await supabase
    .from('profiles')
    .select(
      `
      email,
      runs:agent_executions (
        status,
        agent:agents!inner ( name, tags ( label, colour ) )
      ),
      reviews ( stars, agents ( name, owner ) )
    `,
    )
    .eq('id', id)
    .single()
  // !-7 code-unknown-column tags.colour
  // !-6 code-unknown-column agents.owner
  return data
}
