-- Three roles for agentctl, each with the least privileges that its commands need, for the reference schema of
-- minimal.sql and credits.sql. Run this file as the owner of the tables or a superuser, with a search_path that has
-- the tables; you can run it again, for instance after migrate-full. docs/roles.md says which command needs which role.
--
-- These roles cannot log in. Create a login for each person or machine, and make it a member of one of them:
--   CREATE ROLE agentctl_cron LOGIN PASSWORD '...' IN ROLE agentctl_runner;

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['agentctl_reader', 'agentctl_runner', 'agentctl_migrator'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- it already exists; roles belong to the server, not to one database
        END;
    END LOOP;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO agentctl_reader, agentctl_runner', current_schema());
END
$$;

-- Reader: for history, credits, agents, audit and schema-check. It sees every row and writes none.
GRANT SELECT ON profiles, agents, agent_executions, credit_transactions TO agentctl_reader;

-- Row level security shows a role no rows until a policy admits it. The reader needs all rows: an audit that sees only
-- some of them could miss problems.
DROP POLICY IF EXISTS agentctl_reads ON profiles;
CREATE POLICY agentctl_reads ON profiles FOR SELECT TO agentctl_reader USING (true);
DROP POLICY IF EXISTS agentctl_reads ON agent_executions;
CREATE POLICY agentctl_reads ON agent_executions FOR SELECT TO agentctl_reader USING (true);
DROP POLICY IF EXISTS agentctl_reads ON credit_transactions;
CREATE POLICY agentctl_reads ON credit_transactions FOR SELECT TO agentctl_reader USING (true);

-- Runner: also for run, reconcile, credits grant and credits refund.
GRANT agentctl_reader TO agentctl_runner;

-- It records executions and writes their outcomes; it never deletes one.
GRANT INSERT, UPDATE ON agent_executions TO agentctl_runner;
DROP POLICY IF EXISTS agentctl_records ON agent_executions;
CREATE POLICY agentctl_records ON agent_executions FOR INSERT TO agentctl_runner WITH CHECK (true);
DROP POLICY IF EXISTS agentctl_settles ON agent_executions;
CREATE POLICY agentctl_settles ON agent_executions FOR UPDATE TO agentctl_runner USING (true);

-- It locks a user's row and changes only the balance, nothing else in the profile.
GRANT UPDATE (credits) ON profiles TO agentctl_runner;
DROP POLICY IF EXISTS agentctl_moves ON profiles;
CREATE POLICY agentctl_moves ON profiles FOR UPDATE TO agentctl_runner USING (true);

-- It adds rows to the ledger and never changes existing ones.
GRANT INSERT ON credit_transactions TO agentctl_runner;
DROP POLICY IF EXISTS agentctl_adds ON credit_transactions;
CREATE POLICY agentctl_adds ON credit_transactions FOR INSERT TO agentctl_runner WITH CHECK (true);

-- It charges through the function, which writes with its owner's rights.
GRANT EXECUTE ON FUNCTION deduct_credits_atomic(uuid, integer, uuid, uuid) TO agentctl_runner;

-- Migrator: for migrate-full. Only a table's owner may add columns and indexes to it, so this role is a member of
-- the owner.
DO $$
BEGIN
    EXECUTE (
        SELECT format('GRANT %I TO agentctl_migrator', pg_get_userbyid(relowner))
        FROM pg_class WHERE oid = 'agent_executions'::regclass
    );
END
$$;
