import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function createAgent(name: string, cost: number) {
  return supabase.from('agents').insert({
    name,
    credit_cost: cost,
    webhook: 'https://n8n.example.org/webhook/new', // ! code-unknown-column agents.webhook
    'is_active': true,
    ["category"]: 'writing',
  })
}

export async function createTag(label: string) {
  const { data } = await supabase.from('tags').insert({ label }).select('id').single()
  return data!.id as number
}
