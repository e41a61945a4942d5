import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

// Two foreign keys lead from transfers to profiles.
export async function transfers() {
  return supabase.from('credit_transfers').select('amount, profiles(email)') // ! code-relationship credit_transfers.profiles
}

export async function namedTransfers() {
  return supabase
    .from('credit_transfers')
    .select(
      'amount, sender:profiles!credit_transfers_from_user_fkey(email), receiver:profiles!to_user(email)',
    )
}

export async function transfersByColumn() {
  return supabase.from('credit_transfers').select('amount, sender:from_user(email), to_user(full_name)')
}

export async function received(userId: string) {
  return supabase
    .from('profiles')
    .select('email, received:credit_transfers!credit_transfers_to_user_fkey!inner(amount)')
    .eq('id', userId)
}

export async function sentAndReceived(userId: string) {
  return supabase.from('profiles').select('email, credit_transfers(amount)').eq('id', userId) // ! code-relationship profiles.credit_transfers
}

export async function wrongHint() {
  return supabase.from('credit_transfers').select('amount, profiles!transfers_sender_fkey(email)') // ! code-relationship credit_transfers.profiles
}
