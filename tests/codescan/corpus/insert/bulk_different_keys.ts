import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

// In a bulk insert a column that only some rows have is NULL in the others, whatever its default is.
export async function seed(userId: string, agentId: string) {
  await supabase.from('agent_executions').insert([
    { user_id: userId, agent_id: agentId, status: 'success' },
    { user_id: userId, agent_id: agentId }, // ! code-value-refused agent_executions.status
  ])
  await supabase.from('agent_executions').insert(
    [
      { user_id: userId, agent_id: agentId, status: 'success' },
      { user_id: userId, agent_id: agentId },
    ],
    { defaultToNull: false },
  )
}

export async function seedAgents() {
  await supabase.from('agents').insert([
    { name: 'SEO Blog', credit_cost: 5, description: 'writes' },
    { name: 'Lead Finder', credit_cost: 8 },
  ])
}
