"""Users of ERP integrations: a name and password, and the tokens they log in for."""
