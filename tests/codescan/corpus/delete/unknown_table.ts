import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function logout(token: string) {
  await supabase.from('sessions').delete().eq('token', token) // ! code-unknown-table sessions
}
