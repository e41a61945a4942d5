import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function finish(id: string, result: unknown, error: string | null) {
  await supabase
    .from('agent_executions')
    .update({
      status: error ? 'failed' : 'success',
      result, // ! code-unknown-column agent_executions.result
      error, // ! code-unknown-column agent_executions.error
    })
    .eq('id', id)
}

export async function touch(id: string) {
  // An update names what it likes: nothing is left out.
  await supabase.from('agents').update({ updated_at: new Date().toISOString() }).eq('id', id)
}
