import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

const LISTED = ['id', 'name', 'slug'].join(', ') // ! code-unknown-column agents.slug
const PRICED =
  'id, credit_cost, ' +
  'currency' // ! code-unknown-column agents.currency

export const listed = () => supabase.from('agents').select(LISTED)
export const priced = () => supabase.from('agents').select(PRICED)
export const trimmed = () =>
  supabase.from('agents').select(
    `
      id,
      rank
    `.trim(),
  )
// !-3 code-unknown-column agents.rank
