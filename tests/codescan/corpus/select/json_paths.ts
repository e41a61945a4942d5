import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function eventSources() {
  return supabase
    .from('audit_log')
    .select('id, details->source, ip:details->request->>ip, first:labels->0, details->cost::numeric')
    .eq('details->request->>method', 'POST')
    .gt('details->cost', 5)
    .order('details->>source')
}

export async function oldEventSources() {
  return supabase
    .from('audit_log')
    .select('id, meta->>source') // ! code-unknown-column audit_log.meta
    .eq('payload->>source', 'cron') // ! code-unknown-column audit_log.payload
    .order('context->>source') // ! code-unknown-column audit_log.context
}
