-- agentctl-ignore: code-unknown-table
SELECT id FROM warehouse_facts;

SELECT id FROM warehouse_days; -- agentctl-ignore

SELECT id FROM warehouse_hours; -- ! code-unknown-table warehouse_hours
