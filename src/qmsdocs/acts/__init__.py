"""What people do: the acts that plan events. A plan is a value; `apply` posts it and nothing else writes."""
