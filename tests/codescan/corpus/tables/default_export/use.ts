import { createClient } from '@supabase/supabase-js'
import versions from './table'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_ANON_KEY!)

export async function latestVersion(agentId: string) {
  const { data } = await supabase.from(versions).select('number').eq('agent_id', agentId).limit(1)
  return data?.[0]
}
