import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function pay(id: string) {
  await supabase.schema('billing').from('invoices').update({ status: 'settled' }).eq('id', id) // ! code-value-refused billing.invoices.status
  await supabase.schema('billing').from('invoices').update({ status: 'paid' }).eq('id', id)
}

export async function anySchema(schema: string) {
  // Which table it is depends on the schema.
  return supabase.schema(schema).from('whatever').select('anything') // ? its schema is unknown
}
