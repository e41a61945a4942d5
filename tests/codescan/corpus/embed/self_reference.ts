import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function tree() {
  const children = await supabase.from('categories').select('title, children:categories!parent_id(slug, title)')
  const parent = await supabase.from('categories').select('title, parent:parent_id(title)')
  return { children, parent }
}

export async function treeWithIcons() {
  return supabase.from('categories').select('title, parent:parent_id(icon)') // ! code-unknown-column categories.icon
}
