import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

const AGENT_COLUMNS = 'id, name, description, credit_cost'
const LISTED = ['id', 'email', 'full_name'].join(', ')
const RUN_COLUMNS = `id, status, ${'created_at'}, cost` // ! code-unknown-column agent_executions.cost

export const agent = (id: string) => supabase.from('agents').select(AGENT_COLUMNS).eq('id', id).single()
export const run = (id: string) => supabase.from('agent_executions').select(RUN_COLUMNS).eq('id', id).single()
export const people = () => supabase.from('profiles').select(LISTED)
export const some = (columns: string) => supabase.from('profiles').select(columns) // ? whichever they are
export const more = (column: string) => supabase.from('profiles').select(`id, ${column}, nick`) // ! code-unknown-column profiles.nick
