import { createClient } from '@supabase/supabase-js'
import tableNames, * as tables from './tables'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_ANON_KEY!)

export const listReviews = () => supabase.from(tables.reviews).select('stars, body')
export const listRatings = () => supabase.from(tables.ratings).select('stars')
export const listTags = () => supabase.from(tableNames.tags).select('label')
