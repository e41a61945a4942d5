import { Injectable } from '@nestjs/common'
import { createClient, SupabaseClient } from '@supabase/supabase-js'

@Injectable()
export class ReviewService {
  private supabase: SupabaseClient

  constructor() {
    this.supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)
  }

  async forAgent(agentId: string) {
    const { data } = await this.supabase.from('reviews').select('stars, body').eq('agent_id', agentId)
    return data
  }

  async byRating(rating: number) {
    return this.supabase.from('reviews').select('id').gte('rating', rating) // ! code-unknown-column reviews.rating
  }
}
