import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function experimental(id: string) {
  // agentctl-ignore: code-unknown-column
  await supabase.from('agents').update({ beta_flag: true }).eq('id', id)

  await supabase.from('agents').update({ beta_score: 1 }).eq('id', id) // agentctl-ignore: code-unknown-column
}

export async function notIgnored(id: string) {
  // agentctl-ignore: code-unknown-table
  await supabase.from('agents').update({ beta_name: 'x' }).eq('id', id) // ! code-unknown-column agents.beta_name
}
