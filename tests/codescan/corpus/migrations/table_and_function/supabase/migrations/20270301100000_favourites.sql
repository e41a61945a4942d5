CREATE TABLE IF NOT EXISTS favourites (
    user_id uuid REFERENCES profiles (id),
    agent_id uuid REFERENCES agents (id),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, agent_id)
);

CREATE OR REPLACE FUNCTION count_favourites(p_agent_id uuid) RETURNS bigint
LANGUAGE sql STABLE
AS $$ SELECT count(*) FROM favourites WHERE agent_id = p_agent_id $$;
