import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function rate(agentId: string, authorId: string, stars: number) {
  // The index is on (agent_id, author_id); their order does not matter, nor do blanks.
  await supabase
    .from('reviews')
    .upsert({ agent_id: agentId, author_id: authorId, stars }, { onConflict: 'author_id, agent_id' })
}

export async function rateOnce(agentId: string, authorId: string, stars: number) {
  await supabase
    .from('reviews')
    .upsert({ agent_id: agentId, author_id: authorId, stars }, { onConflict: 'agent_id' }) // ! code-conflict-target reviews
}

export async function addTag(label: string) {
  await supabase.from('tags').upsert({ label }, { onConflict: 'label', ignoreDuplicates: true })
  await supabase.from('profiles').upsert({ email: label }, { onConflict: 'email' })
}

export async function addCategory(slug: string, title: string) {
  await supabase.from('categories').upsert(
    { slug, title },
    {
      onConflict: 'title', // ! code-conflict-target categories
    },
  )
}
