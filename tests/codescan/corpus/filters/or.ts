import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function search(term: string, userId: string) {
  await supabase.from('agents').select('id').or(`name.ilike.%${term}%,description.ilike.%${term}%`)
  await supabase.from('agents').select('id').or('is_active.is.true,and(deleted_at.is.null,credit_cost.lt.5)')
  await supabase.from('credit_transfers').select('id').or(`from_user.eq.${userId},to_user.eq.${userId}`)
  await supabase.from('agents').select('id').or('category.in.(seo,"blog, long"),not.and(name.eq."a,b",credit_cost.not.eq.3)')
  await supabase.from('audit_log').select('id').or('details->>source.eq.cron,labels.cs.{nightly,weekly}')
}

export async function searchMore(term: string) {
  await supabase.from('agents').select('id').or(`name.ilike.%${term}%,summary.ilike.%${term}%`) // ! code-unknown-column agents.summary
  await supabase.from('agents').select('id').or('is_active.is.true,and(archived.is.false,or(hidden.is.false,name.eq.x))') // ! code-unknown-column agents.archived ; code-unknown-column agents.hidden
  await supabase.from('agents').select('id').or('credit_cost.lt.5,not.and(price.gt.1,category.eq.seo)') // ! code-unknown-column agents.price
}

export async function searchAny(filter: string) {
  await supabase.from('agents').select('id').or(filter) // ? whatever it says
}
