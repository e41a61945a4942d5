import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

interface Item {
  agent: string
  tag: number
}

export async function tagAll(items: Item[]) {
  await supabase.from('agent_tags').insert(items.map((item) => ({ agent_id: item.agent, tag_id: item.tag })))
}

export async function logAll(messages: string[], user: string) {
  const rows = messages.map((message, position) => {
    return {
      action: message,
      position, // ! code-unknown-column audit_log.position
      details: { user },
    }
  })
  await supabase.from('audit_log').insert(rows)
}

export async function rateAll(ids: string[]) {
  await supabase.from('reviews').insert(ids.filter(Boolean).map((agent_id) => ({ agent_id, stars: 5 }))) // ! code-column-required reviews.author_id
}
