import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function updateAgent(id: string, changes: Partial<{ name: string; category: string }>) {
  return supabase
    .from('agents')
    .update({ ...changes, updated_at: new Date().toISOString() })
    .eq('id', id)
}

export async function updateField(id: string, field: string, value: unknown) {
  return supabase.from('agents').update({ [field]: value }).eq('id', id)
}
