SELECT ID, Name, CREDIT_COST FROM Agents WHERE IS_ACTIVE;
SELECT "externalId", "Display Name" FROM partner_imports;
SELECT ctid, xmin, tableoid::regclass FROM agents;
SELECT a FROM agents a;
SELECT agents.*, count(*) OVER () AS everything FROM public.agents;
SELECT number, total_cents FROM billing.invoices;
SELECT a.display_label FROM agents a;
SELECT externalId FROM partner_imports; -- ! code-unknown-column partner_imports.externalid
SELECT due_on FROM billing.invoices; -- ! code-unknown-column billing.invoices.due_on
SELECT number FROM invoices; -- ! code-unknown-table invoices
