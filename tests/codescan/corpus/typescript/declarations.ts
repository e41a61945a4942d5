import { createClient } from '@supabase/supabase-js'

const supabase = createClient(process.env.SUPABASE_URL!, process.env.SUPABASE_SERVICE_KEY!)

abstract class Repository<T extends { id: string }> {
  protected abstract readonly table: string

  async find(id: string): Promise<T | null> {
    const { data } = await supabase.from(this.table).select('*').eq('id', id).maybeSingle()
    return data as T | null
  }
}

export class Agents extends Repository<{ id: string; name: string }> {
  protected readonly table = 'agents'
}

declare module './x' {
  interface Y {
    from(table: 'nothing'): void
  }
}

export const overloaded: { (a: string): void; (a: number): void } = () => {}
