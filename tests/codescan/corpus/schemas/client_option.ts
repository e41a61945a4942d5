import { createClient } from '@supabase/supabase-js'

// Everything that this client names is in billing.
const billing = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!, {
  db: { schema: 'billing' },
  auth: { persistSession: false },
})

export async function totals(userId: string) {
  const { data } = await billing.from('invoices').select('number, total_cents').eq('user_id', userId)
  const { data: next } = await billing.rpc('next_invoice_number', { p_year: new Date().getFullYear() })
  return { data, next }
}
