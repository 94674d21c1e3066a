-- Run once on a Citus coordinator, after the migrations: rows of organisations are distributed by
-- org_id, parents first, and what every organisation reads is on every node. What is on one node
-- cannot refer to a distributed table, so that nothing but the server ends the tokens of a deleted
-- membership: when it does so, and again before whoever that was becomes a member anew.
ALTER TABLE auth_api_tokens DROP CONSTRAINT auth_api_tokens_audience_account_id_fkey;
SELECT create_reference_table('plans');
SELECT create_reference_table('auth_accounts');
SELECT create_reference_table('organizations');
SELECT create_distributed_table('shops', 'org_id');
SELECT create_distributed_table('memberships', 'org_id', colocate_with => 'shops');
SELECT create_distributed_table('invitations', 'org_id', colocate_with => 'shops');
SELECT create_distributed_table('membership_shops', 'org_id', colocate_with => 'shops');
SELECT create_distributed_table('customers', 'org_id', colocate_with => 'shops');
SELECT create_distributed_table('orders', 'org_id', colocate_with => 'shops');
SELECT create_distributed_table('order_lines', 'org_id', colocate_with => 'shops');
SELECT create_distributed_table('conversations', 'org_id', colocate_with => 'shops');
SELECT create_distributed_table('messages', 'org_id', colocate_with => 'shops');
SELECT create_distributed_table('attachments', 'org_id', colocate_with => 'shops');
SELECT create_distributed_table('webhook_endpoints', 'org_id', colocate_with => 'shops');
SELECT create_distributed_table('webhook_subscriptions', 'org_id', colocate_with => 'shops');
SELECT create_distributed_table('webhook_secrets', 'org_id', colocate_with => 'shops');
SELECT create_distributed_table('webhook_deliveries', 'org_id', colocate_with => 'shops');
SELECT create_distributed_table('webhook_messages', 'org_id', colocate_with => 'shops');
SELECT create_distributed_table('webhook_attempts', 'org_id', colocate_with => 'shops');
SELECT create_distributed_table('refunds', 'org_id', colocate_with => 'shops');
SELECT create_distributed_table('payments', 'org_id', colocate_with => 'shops');
SELECT create_distributed_table('subscriptions', 'org_id', colocate_with => 'shops');
ALTER ROLE weft_app SET citus.propagate_set_commands = 'local';
