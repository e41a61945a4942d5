import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

// display_label(agents) is a function; PostgREST shows it as a column.
export async function labels(term: string) {
  return supabase
    .from('agents')
    .select('id, display_label')
    .ilike('display_label', `%${term}%`)
    .order('display_label')
}

export async function labelsOfProfiles() {
  return supabase.from('profiles').select('id, display_label') // ! code-unknown-column profiles.display_label
}
