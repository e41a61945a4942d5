import { SupabaseClient } from '@supabase/supabase-js'

export class TransferRepository {
  private readonly table = 'credit_transfers'
  static readonly archive = 'credit_transfers_archive' // ! code-unknown-table credit_transfers_archive

  constructor(private readonly supabase: SupabaseClient) {}

  async sentBy(userId: string) {
    return this.supabase.from(this.table).select('to_user, amount, note').eq('from_user', userId)
  }

  async archived() {
    return this.supabase.from(TransferRepository.archive).select('amount')
  }
}
