-- Every statement of the service but the audit's reads a few rows by their keys. Plans are made
-- once for each connection; one that was made while the tables were nearly empty would read them
-- from end to end when they are not any more. The audit allows itself hash joins again.
ALTER ROLE bourse_portfolio SET enable_seqscan = off;
ALTER ROLE bourse_portfolio SET enable_hashjoin = off;
ALTER ROLE bourse_portfolio SET enable_mergejoin = off;
