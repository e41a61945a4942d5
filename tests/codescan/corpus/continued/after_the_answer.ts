import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

export async function cheapNames(term: string) {
  const { data } = await supabase.from('agents').select('id, name, credit_cost')
  const cheap = (data ?? []).filter((agent) => agent.credit_cost < 5).map((agent) => agent.name)
  const fitting = cheap.filter((name) => name.match('cheap') ?? name.includes(term))
  return fitting.concat('none').at(0)
}

export async function firstTag() {
  const tags = (await supabase.from('tags').select('label')).data?.filter(Boolean).map(({ label }) => label)
  const last = await supabase
    .from('tags')
    .select('label')
    .then((answer) => answer.data?.at(-1))
    .then((tag) => tag?.label.match('colour'))
  return [tags?.find((tag) => tag === 'is'), last]
}
