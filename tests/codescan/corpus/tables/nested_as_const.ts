import { createClient } from '@supabase/supabase-js'

export const DB = {
  tables: {
    executions: 'agent_executions',
    ledger: 'credit_ledger', // ! code-unknown-table credit_ledger
  },
  functions: {
    deduct: 'deduct_credits_atomic',
  },
} as const

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function charge(userId: string, amount: number) {
  await supabase.rpc(DB.functions.deduct, { p_user_id: userId, p_amount: amount })
  const { data: entries } = await supabase.from(DB.tables.ledger).select('amount').eq('user_id', userId)
  const { data: runs } = await supabase.from(DB['tables']['executions']).select('id').eq('user_id', userId)
  return { entries, runs }
}
