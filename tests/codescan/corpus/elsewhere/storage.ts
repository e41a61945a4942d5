import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function upload(path: string, file: File) {
  await supabase.storage.from('agent-icons').update(path, file, { upsert: true })
  const { data } = supabase.storage.from('agent-icons').getPublicUrl(path)
  await supabase.storage.from('agent-icons').remove([path])
  await supabase.functions.invoke('resize', { body: { path } })
  const { data: auth } = await supabase.auth.getUser()
  return { url: data.publicUrl, user: auth.user }
}

export function subscribe(onChange: () => void) {
  return supabase
    .channel('runs')
    .on('postgres_changes', { event: '*', schema: 'public', table: 'agent_executions' }, onChange)
    .subscribe()
}

export async function iconOf(id: string) {
  const bucket = supabase.storage
  await bucket.from('icons').list(id)
  return supabase.from('agents').select('icon').eq('id', id) // ! code-unknown-column agents.icon
}
