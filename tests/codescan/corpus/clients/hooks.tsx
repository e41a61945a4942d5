'use client'
import { useEffect, useState } from 'react'
import { createBrowserClient } from '@supabase/ssr'

export function Balance({ userId }: { userId: string }) {
  const [supabase] = useState(() =>
    createBrowserClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!),
  )
  const [credits, setCredits] = useState<number | null>(null)

  useEffect(() => {
    supabase
      .from('profiles')
      .select('credits, total_spent')
      .eq('id', userId)
      .single()
      .then(({ data }) => setCredits(data?.credits ?? null))
  }, [supabase, userId])

  return <strong>{credits}</strong>
}
