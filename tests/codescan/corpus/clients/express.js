import express from 'express'
import { createClient } from '@supabase/supabase-js'

const app = express()
const supabase = createClient(process.env.SUPABASE_URL, process.env.SUPABASE_SERVICE_KEY)

app.get('/api/agents', async (req, res) => {
  const { data, error } = await supabase.from('agents').select('id, name, price') // ! code-unknown-column agents.price
  if (error) return res.status(500).json({ error: error.message })
  res.json(data)
})

app.post('/api/tags', async (req, res) => {
  const { data, error } = await supabase.from('tags').insert({ label: req.body.label }).select().single()
  res.status(error ? 400 : 201).json(data)
})
