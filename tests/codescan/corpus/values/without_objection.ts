import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function odd(id: string, mode: 'a' | 'b') {
  await supabase.from('agents').update({ credit_cost: '+5', required_platforms: '{}' }).eq('id', id)
  await supabase.from('agents').update({ input_schema: false, description: 0 }).eq('id', id)
  await supabase.from('profiles').update({ is_active: 'on', credits: 0, total_spent: 'NaN' }).eq('id', id)
  await supabase.from('subscriptions').update({ seats: '32767', country: 'AT ' }).eq('id', '1')
  await supabase.from('agent_executions').update({ status: mode === 'a' ? 'running' : 'failed' }).eq('id', id)
  await supabase.from('tags').select('label').in('id', ['1', 2, '003'])
  await supabase.from('tags').select('label').like('label', '_%').neq('label', 7)
  await supabase.from('audit_log').select('id').eq('details->>ok', true).eq('details->count', 'many')
}
