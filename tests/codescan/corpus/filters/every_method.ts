import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function plain(id: string, names: string[]) {
  await supabase.from('agents').select('id').eq('id', id).neq('category', 'beta').in('name', names)
  await supabase.from('agents').select('id').gt('credit_cost', 1).gte('credit_cost', 2).lt('credit_cost', 9).lte('credit_cost', 8)
  await supabase.from('agents').select('id').like('name', 'SEO%').ilike('name', '%seo%').is('deleted_at', null)
  await supabase.from('agents').select('id').likeAllOf('name', ['S%', '%g']).ilikeAnyOf('name', ['%seo%', '%lead%'])
  await supabase.from('agents').select('id').contains('required_platforms', ['slack']).overlaps('required_platforms', ['hubspot'])
  await supabase.from('agents').select('id').containedBy('required_platforms', ['slack', 'gmail']).textSearch('description', 'blog & seo')
  await supabase.from('agents').select('id').not('category', 'in', '("beta","internal")').filter('is_active', 'is', true)
  await supabase.from('agents').select('id').match({ category: 'writing', is_active: true }).range(0, 9)
}
