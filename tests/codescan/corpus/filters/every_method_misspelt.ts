import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function misspelt(value: string) {
  await supabase.from('agents').select('id').eq('c_eq', value) // ! code-unknown-column agents.c_eq
  await supabase.from('agents').select('id').neq('c_neq', value) // ! code-unknown-column agents.c_neq
  await supabase.from('agents').select('id').gt('c_gt', 1) // ! code-unknown-column agents.c_gt
  await supabase.from('agents').select('id').gte('c_gte', 1) // ! code-unknown-column agents.c_gte
  await supabase.from('agents').select('id').lt('c_lt', 1) // ! code-unknown-column agents.c_lt
  await supabase.from('agents').select('id').lte('c_lte', 1) // ! code-unknown-column agents.c_lte
  await supabase.from('agents').select('id').like('c_like', value) // ! code-unknown-column agents.c_like
  await supabase.from('agents').select('id').ilike('c_ilike', value) // ! code-unknown-column agents.c_ilike
}

export async function misspeltToo(value: string) {
  await supabase.from('agents').select('id').is('c_is', null) // ! code-unknown-column agents.c_is
  await supabase.from('agents').select('id').in('c_in', [value]) // ! code-unknown-column agents.c_in
  await supabase.from('agents').select('id').contains('c_contains', [value]) // ! code-unknown-column agents.c_contains
  await supabase.from('agents').select('id').containedBy('c_contained', [value]) // ! code-unknown-column agents.c_contained
  await supabase.from('agents').select('id').overlaps('c_overlaps', [value]) // ! code-unknown-column agents.c_overlaps
  await supabase.from('agents').select('id').rangeGt('c_range', '[1,2)') // ! code-unknown-column agents.c_range
  await supabase.from('agents').select('id').textSearch('c_text', value, { type: 'websearch' }) // ! code-unknown-column agents.c_text
  await supabase.from('agents').select('id').not('c_not', 'is', null) // ! code-unknown-column agents.c_not
  await supabase.from('agents').select('id').filter('c_filter', 'eq', value) // ! code-unknown-column agents.c_filter
  await supabase.from('agents').select('id').likeAnyOf('c_any', [value]) // ! code-unknown-column agents.c_any
  await supabase.from('agents').select('id').match({
    category: value,
    c_match: value, // ! code-unknown-column agents.c_match
  })
  await supabase.from('agents').select('id').order('c_order', { ascending: false }) // ! code-unknown-column agents.c_order
}
