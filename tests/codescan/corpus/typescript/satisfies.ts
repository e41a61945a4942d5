import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

interface Patch {
  name?: string
  price?: number
}

export async function patch(id: string) {
  const changes = { name: 'x', price: 3 } satisfies Patch as Patch // ! code-unknown-column agents.price
  return supabase.from('agents' satisfies string).update(changes as never).eq('id' as const, id)
}
