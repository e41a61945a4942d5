import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function importAll(rows: object[]) {
  await supabase.rpc('import_agents', { p_rows: rows })
  await supabase.rpc('import_agents', { p_rows: rows, p_dry_run: true }) // ! code-unknown-argument import_agents.p_dry_run
}

export async function hook(event: string, body: unknown) {
  // Its one argument has no name: the whole object is it, whatever its keys are.
  await supabase.rpc('record_webhook', { event, body, received: Date.now() })
}
