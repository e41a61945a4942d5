import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

// supabase.from('commented_out').select('nothing')
/* await supabase.from('commented_out_too').insert({ nothing: true }) */

const EXAMPLE = "supabase.from('in_a_string').select('nothing')"
const GUIDE = `
  const { data } = await supabase.from('in_a_template').select('nothing')
`
const PATTERN = /supabase\.from\('in_a_regex'\)/

export function Docs() {
  return (
    <section title="supabase.from('in_an_attribute').select('x')">
      <p>Call supabase.from('in_text').select('nothing') yourself.</p>
      <pre>{EXAMPLE}</pre>
      <pre>{GUIDE.replace(PATTERN, '')}</pre>
      {/* supabase.from('in_a_jsx_comment').delete() */}
      <button onClick={() => supabase.from('tags').delete().eq('caption', 'x')}>Delete</button>
    </section>
  )
  // !-3 code-unknown-column tags.caption
}
