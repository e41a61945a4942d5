import { createClient } from '@supabase/supabase-js'
import { AGENTS, SESSIONS as ACTIVE, type TableName } from './tables'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_ANON_KEY!)

export const agents = () => supabase.from(AGENTS).select('id, name')
export const sessions = () => supabase.from(ACTIVE).select('id, started_at')
export const label = (name: TableName) => name.replace('_', ' ')
