"""What an escalation policy asks of companies, and what a policy would have recommended over the last months."""
