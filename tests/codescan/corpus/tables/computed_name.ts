import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_ANON_KEY!)

export async function exportTable(table: string) {
  const { data } = await supabase.from(table).select('*') // ? a caller may be anywhere
  return data
}

export async function exportConfigured() {
  return supabase.from(process.env.EXPORT_TABLE!).select('*') // ? the environment's
}

export async function exportTenant(tenant: string, day: Date) {
  const rows = await supabase
    .from(`executions_${tenant}`) // ? a part of it is unknown
    .select('id')
  const call = await supabase.rpc(`export_${day.getFullYear()}`, { p_tenant: tenant }) // ? so is its name
  return { rows, call }
}
