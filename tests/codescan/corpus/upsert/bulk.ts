import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function saveAll(first: string, second: string) {
  // One row has an id and the other none: there it is NULL, not a new one.
  await supabase.from('profiles').upsert([
    { id: first, email: 'first@example.org' },
    { email: 'second@example.org' }, // ! code-value-refused profiles.id
  ])
  await supabase.from('profiles').upsert(
    [{ id: second, email: 'first@example.org' }, { email: 'second@example.org' }],
    { defaultToNull: false },
  )
}
