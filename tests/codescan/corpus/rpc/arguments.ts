import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function charge(userId: string, agentId: string, amount: number) {
  await supabase.rpc('deduct_credits_atomic', { p_user_id: userId, p_amount: amount })
  await supabase.rpc('deduct_credits_atomic', {
    p_user_id: userId,
    p_amount: amount,
    p_agent: agentId, // ! code-unknown-argument deduct_credits_atomic.p_agent
  })
}

export async function chargeNothing(userId: string) {
  await supabase.rpc('deduct_credits_atomic', { p_user_id: userId }) // ! code-unknown-argument deduct_credits_atomic.p_amount
}

export async function chargeWhatever(args: Record<string, unknown>) {
  await supabase.rpc('deduct_credits_atomic', { ...args, p_amount: 5 })
  await supabase.rpc('deduct_credits_atomic', { ...args, p_reason: 'run' }) // ! code-unknown-argument deduct_credits_atomic.p_reason
}
