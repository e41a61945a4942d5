import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_ANON_KEY!)

let table = 'not_there_yet'
table = readSetting('table')

export async function mirror(id: string) {
  {
    const source = 'agents'
    await supabase.from(source).select('name').eq('id', id)
  }
  const source = 'tags'
  return supabase.from(source).select('label')
}

function readSetting(name: string): string {
  return globalThis.localStorage.getItem(name) ?? ''
}

export const settingOf = () => table
