import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function invoicesOf(userId: string) {
  const { data } = await supabase
    .schema('billing')
    .from('invoices')
    .select('number, total_cents, invoice_lines(description, quantity)')
    .eq('user_id', userId)
    .order('issued_on')
  return data
}

export async function unpaid() {
  return supabase.schema('billing').from('invoices').select('number, due_on').neq('status', 'paid') // ! code-unknown-column billing.invoices.due_on
}

export async function billedAgents() {
  return supabase.schema('billing').from('agents').select('name') // ! code-unknown-table billing.agents
}

export async function forgotTheSchema() {
  return supabase.from('invoices').select('number') // ! code-unknown-table invoices
}
