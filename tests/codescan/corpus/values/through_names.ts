import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

const STATUS = { done: 'done', failed: 'failed' } as const // the refused word stands where the column does, below
const FIRST_STATUS: string = 'pending'

export async function close(id: string, ok: boolean) {
  const status = ok ? 'success' : 'failed'
  await supabase.from('agent_executions').update({ status }).eq('id', id)
  await supabase.from('agent_executions').update({ status: FIRST_STATUS }).eq('id', id)
  await supabase
    .from('agent_executions')
    .update({
      status: STATUS.done, // ! code-value-refused agent_executions.status
    })
    .eq('id', id)
}

export async function closeAs(id: string, status: string) {
  await supabase.from('agent_executions').update({ status }).eq('id', id)
  await supabase.from('agent_executions').update({ status: status.toLowerCase() }).eq('id', id)
  await supabase.from('agent_executions').update({ status: 'fail' + 'ed' }).eq('id', id)
}
