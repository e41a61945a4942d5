import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function insertExecution(row: object) {
  return supabase.from('agent_executions').insert(row)
}

export class Ledger {
  async book(entry: object) {
    return supabase.from('credit_transactions').insert(entry) // ? nobody calls it here
  }
}
