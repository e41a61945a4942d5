const { createClient } = require('@supabase/supabase-js')
const { AGENTS, DRAFTS } = require('./tables')

const supabase = createClient(process.env.SUPABASE_URL, process.env.SUPABASE_SERVICE_KEY)

module.exports.cleanUp = async function cleanUp() {
  await supabase.from(DRAFTS).delete().lt('updated_at', new Date(0).toISOString())
  return supabase.from(AGENTS).select('id').not('deleted_at', 'is', null)
}
