import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function ledgerPage(userId: string) {
  const { data } = await supabase
    .from('credit_transactions')
    .select('id, kind:type, credits:amount, left:balance_after::text, at:created_at')
    .eq('user_id', userId)
  return data
}

export async function ledgerCsv() {
  // An alias is what the answer calls it, not a column: the filter does not know it.
  return supabase
    .from('credit_transactions')
    .select('kind:type, total:sum_amount::text') // ! code-unknown-column credit_transactions.sum_amount
    .eq('kind', 'usage') // ! code-unknown-column credit_transactions.kind
    .csv()
}
