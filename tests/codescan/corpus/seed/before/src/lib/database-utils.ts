import { supabaseAdmin } from '@/lib/supabase'

interface ExecutionParams {
  userId: string
  agentId: string
  workflowId?: string
  inputs?: Record<string, unknown>
  credits_used: number
  status?: 'pending' | 'running' | 'success' | 'failed'
}

export async function recordExecution(params: ExecutionParams) {
  const { data, error } = await supabaseAdmin
    .from('agent_executions')
    .insert({
      user_id: params.userId,
      agent_id: params.agentId,
      workflow_id: params.workflowId, // ! code-unknown-column agent_executions.workflow_id
      inputs: params.inputs, // ! code-unknown-column agent_executions.inputs
      credits_used: params.credits_used, // ! code-unknown-column agent_executions.credits_used
      status: params.status || 'pending',
      started_at: new Date().toISOString(), // ! code-unknown-column agent_executions.started_at
    })
    .select()
    .single()
  if (error) throw error
  return data
}

export async function updateExecutionResult(
  executionId: string,
  status: 'success' | 'failed',
  result?: unknown,
  error?: string,
) {
  const { error: problem } = await supabaseAdmin
    .from('agent_executions')
    .update({
      status,
      result, // ! code-unknown-column agent_executions.result
      error, // ! code-unknown-column agent_executions.error
      completed_at: new Date().toISOString(), // ! code-unknown-column agent_executions.completed_at
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
