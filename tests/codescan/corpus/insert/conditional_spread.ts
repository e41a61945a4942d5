import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

interface Draft {
  name: string
  cost: number
  description?: string
  slug?: string
  live: boolean
}

export async function saveDraft(draft: Draft) {
  return supabase.from('agents').insert({
    name: draft.name,
    credit_cost: draft.cost,
    ...(draft.description ? { description: draft.description } : {}),
    ...(draft.slug && { slug: draft.slug }), // ! code-unknown-column agents.slug
    ...(draft.live ? { is_active: true } : { deleted_at: new Date().toISOString() }),
  })
}

export async function saveMaybePriced(name: string, cost: number | null) {
  // The cost is there or not; whoever calls this knows.
  return supabase.from('agents').insert({ name, ...(cost !== null && { credit_cost: cost }) })
}
