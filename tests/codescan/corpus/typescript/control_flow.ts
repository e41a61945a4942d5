import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function* pages(size: number) {
  for (let from = 0; ; from += size) {
    const { data } = await supabase.from('agents').select('id, name').range(from, from + size - 1)
    if (!data?.length) return
    yield* data
  }
}

export async function retry(id: string) {
  try {
    switch (id.length) {
      case 0:
        return null
      default:
        return await supabase.from('agents').select('id').eq('handle', id) // ! code-unknown-column agents.handle
    }
  } catch (problem) {
    await supabase.from('audit_log').insert({ action: 'retry', error: String(problem) }) // ! code-unknown-column audit_log.error
  } finally {
    label: for (const kind of ['a', 'b']) {
      if (kind === 'b') break label
      void supabase.from('tags').select('label')
    }
  }
}
