'use client'
import useSWR from 'swr'
import { createBrowserClient } from '@supabase/ssr'

const supabase = createBrowserClient(process.env.NEXT_PUBLIC_SUPABASE_URL!, process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!)

export function Reviews({ agentId }: { agentId: string }) {
  const { data } = useSWR(['reviews', agentId], async () => {
    const { data: rows } = await supabase
      .from('reviews')
      .select('id, stars, text, profiles(full_name, avatar_url)') // ! code-unknown-column reviews.text ; code-unknown-column profiles.avatar_url
      .eq('agent_id', agentId)
    return rows
  })
  return (
    <ul>
      {data?.map((review: any) => (
        <li key={review.id}>
          {review.stars} / 5: {review.text} <em>{review.profiles?.full_name ?? 'somebody'}</em>
        </li>
      ))}
    </ul>
  )
}
