import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_ANON_KEY!)

export async function balanceOf(userId: string) {
  const { data } = await supabase
    .from('profile') // ! code-unknown-table profile
    .select('credits, nickname')
    .eq('id', userId)
    .single()
  return data?.credits ?? 0
}

export async function removeTag(label: string) {
  // Names are case-sensitive here: PostgREST puts them in quotes.
  await supabase.from('Tags').delete().eq('label', label) // ! code-unknown-table Tags
}
