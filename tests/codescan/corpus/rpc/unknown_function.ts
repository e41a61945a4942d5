import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function refund(userId: string, amount: number) {
  const { error } = await supabase.rpc('refund_credits', { p_user_id: userId, p_amount: amount }) // ! code-unknown-function refund_credits
  if (error) throw error
}

export async function nightly() {
  await supabase.rpc('expire_subscriptions')
  const { data } = await supabase.rpc('expire_subscriptions', {})
  return data
}
