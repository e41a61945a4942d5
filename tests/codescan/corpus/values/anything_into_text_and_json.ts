import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function texts(id: string) {
  await supabase.from('agents').update({ name: 42, description: true }).eq('id', id)
  await supabase.from('agents').update({ description: { de: 'Blog', en: 'Blog' } }).eq('id', id)
  await supabase.from('profiles').update({ full_name: '' }).eq('id', id)
}

export async function documents(id: string, fields: object[]) {
  await supabase.from('agents').update({ input_schema: [{ name: 'topic', type: 'text' }, ...fields] }).eq('id', id)
  await supabase.from('agents').update({ input_schema: { type: 'object' } }).eq('id', id)
  await supabase.from('agents').update({ input_schema: 'not even an object' }).eq('id', id)
  await supabase.from('audit_log').insert({ action: 'x', details: 7, labels: [] })
}

export async function lists(id: string) {
  await supabase.from('agents').update({ required_platforms: ['slack', 'gmail'] }).eq('id', id)
  await supabase.from('agents').update({ required_platforms: '{slack,gmail}' }).eq('id', id)
  await supabase.from('agents').update({ credit_cost: { amount: 5 } }).eq('id', id) // ! code-value-refused agents.credit_cost
}
