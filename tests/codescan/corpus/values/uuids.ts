import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

const DEMO = '5F0C1E34-9D0B-4C60-8C63-0A4D1E4B7A11'

export async function demoRuns(runId: string) {
  await supabase.from('agent_executions').select('id').eq('user_id', DEMO)
  await supabase.from('agent_executions').select('id').eq('user_id', '5f0c1e349d0b4c608c630a4d1e4b7a11')
  await supabase.from('agent_executions').select('id').eq('user_id', `{${DEMO}}`)
  await supabase.from('agent_executions').select('id').eq('id', `${runId}`)
}

export async function brokenRuns() {
  await supabase.from('agent_executions').select('id').eq('user_id', 'demo') // ! code-value-refused agent_executions.user_id
  await supabase.from('agent_executions').delete().neq('id', '0') // ! code-value-refused agent_executions.id
  await supabase.from('agent_executions').insert({
    user_id: DEMO,
    agent_id: 'seo-blog', // ! code-value-refused agent_executions.agent_id
  })
}

export async function emptyTable() {
  await supabase.from('agent_executions').delete().neq('id', '00000000-0000-0000-0000-000000000000')
}
