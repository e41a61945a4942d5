-- A marketplace that was made by hand with exactly the table of the seed document: its columns are nullable and
-- its status is unchecked.

CREATE TABLE profiles (
  id uuid PRIMARY KEY, email text NOT NULL, full_name text,
  credits integer NOT NULL DEFAULT 0 CHECK (credits >= 0), total_spent numeric,
  total_executions integer, role text DEFAULT 'user', is_active boolean,
  created_at timestamptz, updated_at timestamptz);
CREATE TABLE agents (
  id uuid PRIMARY KEY, name text NOT NULL, description text, category text,
  credit_cost integer NOT NULL CHECK (credit_cost > 0), is_active boolean,
  input_schema jsonb, webhook_url text, required_platforms text[],
  deleted_at timestamptz, created_at timestamptz, updated_at timestamptz);
CREATE TABLE agent_executions (
  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id UUID REFERENCES profiles(id),
  agent_id UUID REFERENCES agents(id),
  status TEXT,  -- 'pending', 'running', 'success', 'failed'
  created_at TIMESTAMP WITH TIME ZONE DEFAULT NOW()
);
CREATE INDEX idx_agent_executions_user_id ON agent_executions(user_id);
CREATE INDEX idx_agent_executions_agent_id ON agent_executions(agent_id);
CREATE INDEX idx_agent_executions_status ON agent_executions(status);
CREATE TABLE credit_transactions (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid, type text,
  amount integer, balance_after integer, purchase_id uuid, execution_id uuid,
  created_at timestamptz DEFAULT now(),
  CHECK (type IN ('purchase', 'usage', 'refund', 'bonus', 'adjustment')
         AND (type <> 'usage' OR amount < 0)
         AND (type NOT IN ('purchase', 'refund', 'bonus') OR amount > 0)));
CREATE FUNCTION deduct_credits_atomic(
  p_user_id uuid, p_amount integer, p_agent_id uuid DEFAULT NULL, p_execution_id uuid DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE had integer;
BEGIN
  SELECT credits INTO had FROM profiles WHERE id = p_user_id FOR UPDATE;
  IF had < p_amount THEN
    RETURN jsonb_build_object('success', false, 'error', 'Insufficient credits',
                              'current_credits', had, 'required_credits', p_amount);
  END IF;
  UPDATE profiles SET credits = credits - p_amount WHERE id = p_user_id;
  INSERT INTO credit_transactions (user_id, type, amount, balance_after, execution_id)
  VALUES (p_user_id, 'usage', -p_amount, had - p_amount, p_execution_id);
  RETURN jsonb_build_object('success', true, 'previous_balance', had, 'amount_deducted', p_amount,
                            'new_balance', had - p_amount);
END $$;
INSERT INTO profiles (id, email, credits)
VALUES ('00000000-0000-4000-8000-0000000000a1', 'ops@example.com', 100);
INSERT INTO credit_transactions (user_id, type, amount, balance_after)
VALUES ('00000000-0000-4000-8000-0000000000a1', 'purchase', 100, 100);
INSERT INTO agents (id, name, credit_cost, input_schema)
VALUES ('00000000-0000-4000-8000-0000000000b1', 'SEO Blog', 10,
        '[{"name": "topic", "type": "text", "required": true}]');
