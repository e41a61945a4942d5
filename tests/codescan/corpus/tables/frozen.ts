import { createClient } from '@supabase/supabase-js'

const Tables = Object.freeze({
  Profiles: 'profiles',
  Agents: 'agents',
  Favourites: 'favourite_agents', // ! code-unknown-table favourite_agents
})

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_ANON_KEY!)

export const listAgents = () => supabase.from(Tables.Agents).select('name')
export const listProfiles = () => supabase.from(Tables.Profiles).select('email')
export const listFavourites = () => supabase.from(Tables.Favourites).select('agent_id')
