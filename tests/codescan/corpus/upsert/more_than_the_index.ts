import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function tagAgent(agentId: string, tagId: number) {
  await supabase.from('agent_tags').upsert({ agent_id: agentId, tag_id: tagId }, { onConflict: 'agent_id,tag_id' })
  await supabase.from('agent_tags').upsert({ agent_id: agentId, tag_id: tagId })
}

export async function tagTwice(agentId: string, tagId: number) {
  const options = { onConflict: 'agent_id,tag_id,added_at' } // ! code-conflict-target agent_tags
  await supabase.from('agent_tags').upsert([{ agent_id: agentId, tag_id: tagId }], options)
}
