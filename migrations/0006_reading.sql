-- What the API's lists read, each in the order in which it is told. Nothing was released yet, so these
-- are built in the migration's own transaction: the tables hold nothing to wait for.

-- The catalogue, the newest product first.
CREATE INDEX products_by_creation ON products (created_at, id);

-- A sale's orders in log order, page by page: ids of one partition sort as the log does. The primary
-- key alone would walk through every order of every other sale that was on at the same time.
CREATE INDEX orders_by_sale ON orders (sale_id, id);

-- The audit trail, the newest command first: of all sales, and of one.
CREATE INDEX operator_actions_by_time ON operator_actions (decided_at, partition, seq);
CREATE INDEX operator_actions_by_sale ON operator_actions (sale_id, decided_at, partition, seq);

COMMENT ON INDEX orders_by_sale IS 'Lists and downloads of one sale; grows at its right end only, as orders do.';
