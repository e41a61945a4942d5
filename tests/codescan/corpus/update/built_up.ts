import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

interface Patch {
  name?: string
  cost?: number
  icon?: string
}

export async function patchAgent(id: string, patch: Patch) {
  const changes: Record<string, unknown> = {}
  if (patch.name) changes.name = patch.name
  if (patch.cost) changes['credit_cost'] = patch.cost
  if (patch.icon) changes.icon_url = patch.icon // ! code-unknown-column agents.icon_url
  const { data } = await supabase.from('agents').update(changes).eq('id', id).select('id, name')
  return data
}
