import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function dropTag(id: number) {
  const { data } = await supabase.from('tags').delete().eq('id', id).select('id, name').single() // ! code-unknown-column tags.name
  return data
}

export async function dropTagging(agentId: string, tagIds: number[]) {
  const { data } = await supabase
    .from('agent_tags')
    .delete()
    .eq('agent_id', agentId)
    .in('tag_id', tagIds)
    .select('tag_id, tags(label)')
  return data
}
