import { createClient } from '@supabase/supabase-js'
import type { TablesInsert } from './database.types'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function viaSatisfies(email: string) {
  const row = { email, role: 'admin', team: 'core' } satisfies Record<string, string> // ! code-unknown-column profiles.team
  await supabase.from('profiles').insert(row)
}

export async function viaAssertion(email: string) {
  await supabase.from('profiles').insert({ email, credits: 10 } as TablesInsert<'profiles'>)
  await supabase.from('profiles').insert(<any>{ email, plan: 'pro' }) // ! code-unknown-column profiles.plan
}
