import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function callFunction(name: string, args: object) {
  const { data, error } = await supabase.rpc(name, args)
  if (error) throw error
  return data
}
