-- Every statement of the service reads a few rows by their keys. Plans are made once for each
-- connection; one that was made while the tables were nearly empty would read them from end to end
-- when they are not any more.
ALTER ROLE bourse_trading SET enable_seqscan = off;
ALTER ROLE bourse_trading SET enable_hashjoin = off;
ALTER ROLE bourse_trading SET enable_mergejoin = off;
