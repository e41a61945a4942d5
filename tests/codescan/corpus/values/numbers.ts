import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function good(id: string) {
  await supabase.from('agents').update({ credit_cost: '12' }).eq('id', id)
  await supabase.from('agents').update({ credit_cost: ' 7 ' }).eq('id', id)
  await supabase.from('agents').update({ credit_cost: 1e3 }).eq('id', id)
  await supabase.from('agents').update({ credit_cost: 0x10 }).eq('id', id)
  await supabase.from('agents').update({ credit_cost: 1_000 }).eq('id', id)
  await supabase.from('agents').update({ credit_cost: 5.0 }).eq('id', id)
  await supabase.from('profiles').update({ total_spent: '19.90' }).eq('id', id)
  await supabase.from('profiles').update({ total_spent: 0.1 }).eq('total_executions', '3')
}

export async function bad(id: string) {
  await supabase.from('agents').update({ credit_cost: 'ten' }).eq('id', id) // ! code-value-refused agents.credit_cost
  await supabase.from('agents').update({ credit_cost: 9.5 }).eq('id', id) // ! code-value-refused agents.credit_cost
  await supabase.from('agents').update({ credit_cost: '' }).eq('id', id) // ! code-value-refused agents.credit_cost
  await supabase.from('agents').update({ credit_cost: 3_000_000_000 }).eq('id', id) // ! code-value-refused agents.credit_cost
  await supabase.from('profiles').update({ total_spent: 'a lot' }).eq('id', id) // ! code-value-refused profiles.total_spent
  await supabase.from('profiles').select('id').gt('credits', 'many') // ! code-value-refused profiles.credits
  await supabase.from('tags').select('label').in('id', [1, '2', 'three']) // ! code-value-refused tags.id
}
