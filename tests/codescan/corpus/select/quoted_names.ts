import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function imports() {
  return supabase.from('partner_imports').select('id, externalId, "Display Name", shown:"Display Name"').order('externalId')
}

export async function importsInLowerCase() {
  return supabase
    .from('partner_imports')
    .select('id, externalid') // ! code-unknown-column partner_imports.externalid
    .ilike('"Display Name"', 'a%')
}
