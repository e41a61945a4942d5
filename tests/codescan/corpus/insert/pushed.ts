import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function tagAll(agentId: string, tagIds: number[]) {
  const rows: { agent_id: string; tag_id: number }[] = []
  for (const tagId of tagIds) {
    rows.push({ agent_id: agentId, tag_id: tagId })
  }
  if (rows.length) await supabase.from('agent_tags').insert(rows)
}

export async function logBatch(lines: string[]) {
  const batch = []
  batch.push(...lines.map((action) => ({ action })))
  batch.unshift({ action: 'batch' })
  await supabase.from('audit_log').insert(batch)
}

export async function fromForm(form: FormData) {
  const row = Object.fromEntries(form)
  delete row.csrf
  await supabase.from('agents').insert(row as never) // ? whatever the form has
}
