import { supabaseAdmin } from '@/lib/supabase'

interface ExecutionParams {
  userId: string
  agentId: string
  status?: 'pending' | 'running' | 'success' | 'failed'
}

export async function recordExecution(params: ExecutionParams) {
  const { data, error } = await supabaseAdmin
    .from('agent_executions')
    .insert({
      user_id: params.userId,
      agent_id: params.agentId,
      status: params.status || 'pending',
    })
    .select()
    .single()
  if (error) throw error
  return data
}

export async function updateExecutionResult(executionId: string, status: 'success' | 'failed') {
  const { error: problem } = await supabaseAdmin
    .from('agent_executions')
    .update({
      status,
    })
    .eq('id', executionId)
  if (problem) throw problem
}

export async function deductCredits(userId: string, amount: number, agentId: string) {
  const { data, error } = await supabaseAdmin.rpc('deduct_credits_atomic', {
    p_user_id: userId,
    p_amount: amount,
    p_agent_id: agentId,
  })
  if (error) throw error
  return data as { success: boolean; new_balance?: number }
}
