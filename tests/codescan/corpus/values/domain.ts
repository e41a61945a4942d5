import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function best(agentId: string, authorId: string) {
  const row = {
    agent_id: agentId,
    author_id: authorId,
    stars: 5,
    body: '',
  }
  await supabase.from('reviews').insert(row)
  await supabase.from('reviews').update({ stars: 10 }).eq('id', authorId) // ! code-value-refused reviews.stars
}
