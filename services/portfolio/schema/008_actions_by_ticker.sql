-- A fill that was decided before a dividend or split came into effect is looked for here as it is booked.
CREATE INDEX corporate_actions_by_ticker ON portfolio.corporate_actions (ticker, effective_at);
