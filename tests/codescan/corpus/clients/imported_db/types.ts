export interface Database {
  public: {
    Tables: { agents: { Row: { id: string; name: string; ghost: string } } }
    Functions: { summon_ghost: { Args: { p_name: string }; Returns: void } }
  }
}
