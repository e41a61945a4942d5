import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

const COLUMN = 'full_name'
const Fields = { city: 'city' } as const // ! code-unknown-column profiles.city

export async function createProfile(email: string, value: string, extra: string) {
  await supabase.from('profiles').insert({ email, [COLUMN]: value })
  await supabase.from('profiles').insert({ email, [Fields.city]: value })
  await supabase.from('profiles').insert({ email, [extra]: value })
}
