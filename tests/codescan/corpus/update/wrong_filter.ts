import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function deactivate(email: string) {
  const { data } = await supabase
    .from('profiles')
    .update({ is_active: false, deactivated_at: 'now' }) // ! code-unknown-column profiles.deactivated_at
    .eq('mail', email) // ! code-unknown-column profiles.mail
    .select('id, updatedAt') // ! code-unknown-column profiles.updatedAt
  return data
}
