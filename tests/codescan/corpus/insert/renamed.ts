import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

// The column was renamed: one name too many, and one that is missing.
export async function publish(name: string, price: number) {
  const { error } = await supabase.from('agents').insert({ // ! code-column-required agents.credit_cost
    name,
    price, // ! code-unknown-column agents.price
    description: `${name}, for ${price} credits`,
  })
  if (error) throw error
}
