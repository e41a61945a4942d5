import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

// A usage is negative, a purchase positive: the kind alone tells nothing, nor does the amount.
export async function book(userId: string, amount: number, balance: number) {
  await supabase.from('credit_transactions').insert({ user_id: userId, type: 'usage', amount, balance_after: balance })
  await supabase.from('credit_transactions').insert({
    user_id: userId,
    type: 'gift', // ! code-value-refused credit_transactions.type
    amount,
    balance_after: balance,
  })
  await supabase.from('credit_transactions').insert({
    user_id: userId,
    type: 'adjustment',
    amount: -3,
    balance_after: balance - 3,
  })
}
