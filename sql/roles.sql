-- Three roles for agentctl, each with the least that its commands need, for the reference schema of minimal.sql and
-- credits.sql. Run it as the owner of the tables or a superuser, with the search_path that leads to them; it may be run
-- again, after migrate-full for instance. docs/roles.md tells which command needs which role.
--
-- They cannot log in. Give a person or a machine a login of its own, and one of them:
--   CREATE ROLE agentctl_cron LOGIN PASSWORD '...' IN ROLE agentctl_runner;

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['agentctl_reader', 'agentctl_runner', 'agentctl_migrator'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- it is there already; roles belong to the server, not to one database
        END;
    END LOOP;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO agentctl_reader, agentctl_runner', current_schema());
END
$$;

-- Reader: history, credits, agents, audit, schema-check. It sees every row, and writes none.
GRANT SELECT ON profiles, agents, agent_executions, credit_transactions TO agentctl_reader;

-- Row level security shows a role no row before a policy admits it. All rows: an audit that saw some would say
-- that all is well where it is not.
DROP POLICY IF EXISTS agentctl_reads ON profiles;
CREATE POLICY agentctl_reads ON profiles FOR SELECT TO agentctl_reader USING (true);
DROP POLICY IF EXISTS agentctl_reads ON agent_executions;
CREATE POLICY agentctl_reads ON agent_executions FOR SELECT TO agentctl_reader USING (true);
DROP POLICY IF EXISTS agentctl_reads ON credit_transactions;
CREATE POLICY agentctl_reads ON credit_transactions FOR SELECT TO agentctl_reader USING (true);

-- Runner: run, reconcile, credits grant and refund, too.
GRANT agentctl_reader TO agentctl_runner;

-- It records an execution and writes its outcome; it never deletes one.
GRANT INSERT, UPDATE ON agent_executions TO agentctl_runner;
DROP POLICY IF EXISTS agentctl_records ON agent_executions;
CREATE POLICY agentctl_records ON agent_executions FOR INSERT TO agentctl_runner WITH CHECK (true);
DROP POLICY IF EXISTS agentctl_settles ON agent_executions;
CREATE POLICY agentctl_settles ON agent_executions FOR UPDATE TO agentctl_runner USING (true);

-- It locks a user's row and moves the balance, and nothing else of the profile.
GRANT UPDATE (credits) ON profiles TO agentctl_runner;
DROP POLICY IF EXISTS agentctl_moves ON profiles;
CREATE POLICY agentctl_moves ON profiles FOR UPDATE TO agentctl_runner USING (true);

-- It adds to the ledger, and changes nothing that stands there.
GRANT INSERT ON credit_transactions TO agentctl_runner;
DROP POLICY IF EXISTS agentctl_adds ON credit_transactions;
CREATE POLICY agentctl_adds ON credit_transactions FOR INSERT TO agentctl_runner WITH CHECK (true);

-- It charges through the function, which writes with its owner's rights.
GRANT EXECUTE ON FUNCTION deduct_credits_atomic(uuid, integer, uuid, uuid) TO agentctl_runner;

-- Migrator: migrate-full. Only a table's owner may add columns and indexes to it, so it is a member of the owner.
DO $$
BEGIN
    EXECUTE (
        SELECT format('GRANT %I TO agentctl_migrator', pg_get_userbyid(relowner))
        FROM pg_class WHERE oid = 'agent_executions'::regclass
    );
END
$$;
