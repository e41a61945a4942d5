import type { SupabaseClient } from '@supabase/supabase-js'

export async function setActive(supabase: SupabaseClient, id: string, active: boolean) {
  return supabase.from('profiles').update({ is_active: active }).eq('id', id)
}

export const rename = async ({ client, id, name }: { client: SupabaseClient; id: string; name: string }) =>
  client.from('profiles').update({ name }).eq('id', id) // ! code-unknown-column profiles.name
