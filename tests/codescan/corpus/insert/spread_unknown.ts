import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function createAgent(form: Record<string, unknown>) {
  // What is in the form may well be name and credit_cost.
  return supabase.from('agents').insert({ ...form, is_active: false })
}

export async function createTagged(request: Request) {
  const body = await request.json()
  return supabase.from('tags').insert({ ...body, labels: 'x' }) // ! code-unknown-column tags.labels
}

export async function createRaw(body: unknown) {
  return supabase.from('agents').insert(body as never) // ? nothing is known of the row
}
