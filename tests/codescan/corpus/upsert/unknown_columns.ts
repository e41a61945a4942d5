import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function saveProfiles(people: { id: string; mail: string }[]) {
  return supabase.from('profiles').upsert(
    people.map((person) => ({
      id: person.id,
      email: person.mail,
      avatar_url: null, // ! code-unknown-column profiles.avatar_url
    })),
    { onConflict: 'id', count: 'exact' },
  )
}

export async function saveImport(external: string, name: string, column: string) {
  await supabase.from('partner_imports').upsert({ externalId: external, 'Display Name': name })
  await supabase.from('partner_imports').upsert({ externalId: external }, { onConflict: column }) // ? any column
}
