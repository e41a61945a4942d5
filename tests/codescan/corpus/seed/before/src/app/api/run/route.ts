import { NextResponse } from 'next/server'
import { deductCredits, recordExecution, updateExecutionResult } from '@/lib/database-utils'
import { supabaseAdmin } from '@/lib/supabase'

export async function POST(request: Request) {
  const { userId, agentId, inputs } = await request.json()
  const { data: agent } = await supabaseAdmin
    .from('agents')
    .select('id, credit_cost, webhook_url, is_active')
    .eq('id', agentId)
    .single()
  if (!agent?.is_active) return NextResponse.json({ error: 'Agent not found' }, { status: 404 })

  const execution = await recordExecution({
    userId,
    agentId,
    workflowId: agent.webhook_url,
    inputs,
    credits_used: agent.credit_cost,
    status: 'running',
  })
  await deductCredits(userId, agent.credit_cost, agentId)
  const response = await fetch(agent.webhook_url, { method: 'POST', body: JSON.stringify({ inputs }) })
  await updateExecutionResult(execution.id, response.ok ? 'success' : 'failed', await response.json())
  return NextResponse.json({ id: execution.id })
}
