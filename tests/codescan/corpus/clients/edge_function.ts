import { createClient } from 'https://esm.sh/@supabase/supabase-js@2'

Deno.serve(async (request: Request) => {
  const admin = createClient(Deno.env.get('SUPABASE_URL')!, Deno.env.get('SUPABASE_SERVICE_ROLE_KEY')!)
  const { executionId, ok } = await request.json()

  const { error } = await admin
    .from('agent_executions')
    .update({
      status: ok ? 'success' : 'failed',
      finished_at: new Date().toISOString(), // ! code-unknown-column agent_executions.finished_at
    })
    .eq('id', executionId)

  return new Response(JSON.stringify({ ok: !error }), { headers: { 'content-type': 'application/json' } })
})
