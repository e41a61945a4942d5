import { cookies } from 'next/headers'
import { createServerClient } from '@supabase/ssr'

export default async function BillingPage() {
  const store = await cookies()
  const supabase = createServerClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!, {
    cookies: { getAll: () => store.getAll() },
  })
  const { data: history } = await supabase
    .from('credit_transactions')
    .select('id, type, amount, balance') // ! code-unknown-column credit_transactions.balance
    .order('created_at', { ascending: false })

  return <ul>{history?.map((row) => <li key={row.id}>{row.amount}</li>)}</ul>
}
