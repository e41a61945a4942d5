import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

const billing = supabase.schema('billing')

export async function draft(userId: string, number: string) {
  const { data } = await billing
    .from('invoices')
    .insert({ user_id: userId, number, total_cents: 0, note: 'draft' }) // ! code-unknown-column billing.invoices.note
    .select('id')
    .single()
  await billing.from('invoice_lines').insert({ invoice_id: data!.id, description: 'Credits' }) // ! code-column-required billing.invoice_lines.unit_cents
  return data
}

export async function nextNumber(year: number) {
  return billing.rpc('next_invoice_number', { p_year: year })
}

export async function nextNumberFromPublic(year: number) {
  return supabase.rpc('next_invoice_number', { p_year: year }) // ! code-unknown-function next_invoice_number
}
