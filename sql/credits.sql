-- The ledger, and the two functions through which a web application moves credits.
-- balance = opening + sum(amount), for every user, at every instant another session can see.

CREATE TABLE credit_transactions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES profiles (id),
    type text NOT NULL,
    amount integer NOT NULL,
    balance_after integer NOT NULL,
    purchase_id uuid,
    execution_id uuid,
    created_at timestamptz DEFAULT now(),
    CONSTRAINT credit_transactions_type_and_sign CHECK (
        (type = 'usage' AND amount < 0)
        OR (type IN ('purchase', 'refund', 'bonus') AND amount > 0)
        OR (type = 'adjustment')
    )
);

CREATE INDEX idx_credit_transactions_user_id ON credit_transactions (user_id, created_at DESC);
CREATE INDEX idx_credit_transactions_execution_id ON credit_transactions (execution_id);

ALTER TABLE credit_transactions ENABLE ROW LEVEL SECURITY;

-- Deducts credits for one execution: locks the profile, checks the balance, writes both rows.
CREATE FUNCTION deduct_credits_atomic(
    p_user_id uuid,
    p_amount integer,
    p_agent_id uuid DEFAULT NULL,
    p_execution_id uuid DEFAULT NULL
) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
    v_before integer;
BEGIN
    SELECT credits INTO v_before FROM profiles WHERE id = p_user_id FOR UPDATE;
    IF v_before IS NULL THEN
        RETURN jsonb_build_object('success', false, 'error', 'User not found');
    END IF;
    IF v_before < p_amount THEN
        RETURN jsonb_build_object('success', false, 'error', 'Insufficient credits',
                                  'current_credits', v_before, 'required_credits', p_amount);
    END IF;
    UPDATE profiles SET credits = credits - p_amount, updated_at = now() WHERE id = p_user_id;
    INSERT INTO credit_transactions (user_id, type, amount, balance_after, execution_id)
    VALUES (p_user_id, 'usage', -p_amount, v_before - p_amount, p_execution_id);
    RETURN jsonb_build_object('success', true, 'previous_balance', v_before,
                              'amount_deducted', p_amount, 'new_balance', v_before - p_amount);
END
$$;

-- Adds credits: a purchase, a refund or a bonus.
CREATE FUNCTION add_credits_atomic(
    p_user_id uuid,
    p_amount integer,
    p_type text DEFAULT 'purchase',
    p_purchase_id uuid DEFAULT NULL
) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
    v_after integer;
BEGIN
    UPDATE profiles SET credits = credits + p_amount, updated_at = now()
    WHERE id = p_user_id RETURNING credits INTO v_after;
    IF v_after IS NULL THEN
        RETURN jsonb_build_object('success', false, 'error', 'User not found');
    END IF;
    INSERT INTO credit_transactions (user_id, type, amount, balance_after, purchase_id)
    VALUES (p_user_id, p_type, p_amount, v_after, p_purchase_id);
    RETURN jsonb_build_object('success', true, 'new_balance', v_after);
END
$$;

-- Without this, any role that can connect could give itself credits.
REVOKE EXECUTE ON FUNCTION deduct_credits_atomic(uuid, integer, uuid, uuid) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION add_credits_atomic(uuid, integer, text, uuid) FROM PUBLIC;
