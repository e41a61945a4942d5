import { serviceClient } from './service'

export async function refundFailedRuns() {
  const { data: failed } = await serviceClient()
    .from('agent_executions')
    .select('id, user_id, credits_used') // ! code-unknown-column agent_executions.credits_used
    .eq('status', 'failed')
  return failed
}
