import { NextResponse } from 'next/server'
import { createClient } from './server'

export async function GET() {
  const supabase = await createClient()
  const { data, error } = await supabase.from('agents').select('id, title') // ! code-unknown-column agents.title
  return NextResponse.json(error ? { error: error.message } : data)
}

export async function DELETE(request: Request) {
  const { id } = await request.json()
  const { error } = await (await createClient()).from('agents').delete().eq('slug', id) // ! code-unknown-column agents.slug
  return NextResponse.json({ ok: !error })
}
