import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function grüße(größe: number) {
  const ärger = '🙂 "Grüße"'; await supabase.from('tags').insert({ label: ärger, größe }) // ! code-unknown-column tags.größe
  return supabase.from('tags').select('label').eq('label', '🙂')
}
