import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function setPrice(agentId: string, net: number) {
  await supabase.from('agent_prices').update({ net, gross: net * 1.19 }).eq('agent_id', agentId) // ! code-column-generated agent_prices.gross
  await supabase.from('agent_prices').insert({
    agent_id: agentId,
    net,
    gross: null, // ! code-column-generated agent_prices.gross
  })
}

export async function moveSubscription(from: number, to: number) {
  await supabase.from('subscriptions').update({ id: to }).eq('id', from) // ! code-column-generated subscriptions.id
}

export async function cheapest() {
  // To read it, filter by it and sort by it is what it is for.
  return supabase.from('agent_prices').select('agent_id, gross').lt('gross', 20).order('gross')
}

export async function importCategory(id: number, slug: string) {
  // These ids only default to the sequence.
  await supabase.from('tags').insert({ id, label: slug })
  await supabase.from('categories').insert({ id, slug, title: slug })
}
